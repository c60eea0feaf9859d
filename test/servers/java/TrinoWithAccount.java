import com.google.inject.Inject;
import com.google.inject.Module;
import io.trino.server.Server;
import io.trino.server.security.PasswordAuthenticatorManager;
import io.trino.spi.security.AccessDeniedException;
import io.trino.spi.security.BasicPrincipal;
import io.trino.spi.security.PasswordAuthenticator;
import io.trino.spi.security.PasswordAuthenticatorFactory;
import java.util.List;
import java.util.Map;

/** Trino, with a plugin for passwords that knows one account: those of Trino itself are not on Maven Central. */
class TrinoWithAccount {
  public static void main(String[] options) {
    new Server() {
      @Override
      protected Iterable<? extends Module> getAdditionalModules() {
        return List.of(binder -> binder.bind(Account.class).asEagerSingleton());
      }
    }.start(options[0]);
  }

  static class Account implements PasswordAuthenticatorFactory {
    @Inject
    Account(PasswordAuthenticatorManager manager) {
      manager.addPasswordAuthenticatorFactory(this);
    }

    @Override
    public String getName() {
      return "one-account";
    }

    @Override
    public PasswordAuthenticator create(Map<String, String> config) {
      return (user, password) -> {
        if (user.equals(config.get("user")) && password.equals(config.get("password"))) return new BasicPrincipal(user);
        throw new AccessDeniedException("Invalid credentials");
      };
    }
  }
}
