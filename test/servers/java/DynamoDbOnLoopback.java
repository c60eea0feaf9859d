import java.util.Arrays;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;

/** DynamoDB Local listens on all addresses, and has no option against it: this one listens on loopback. */
class DynamoDbOnLoopback {
  public static void main(String[] options) throws Exception {
    var local = ServerRunner.createServerFromCommandLineArgs(options);
    for (var field : local.getClass().getDeclaredFields()) {
      if (field.getType() != Server.class) continue;
      field.setAccessible(true);
      var connectors = ((Server) field.get(local)).getConnectors();
      Arrays.stream(connectors).forEach(connector -> ((ServerConnector) connector).setHost("127.0.0.1"));
      local.start();
      local.join();
      return;
    }
    throw new IllegalStateException("DynamoDB Local has no Jetty server any more.");
  }
}
