import type { Actor } from '../common/actor.js';

/** Kept beside the request, not on it: nothing that a client sends can become the actor. */
const actors = new WeakMap<object, Actor>();

export function setActor(request: object, actor: Actor): void {
  actors.set(request, actor);
}

/** The actor of a request that the guard has let in; undefined on public routes. */
export function actorOf(request: object): Actor | undefined {
  return actors.get(request);
}
