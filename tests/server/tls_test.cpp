// TLS: certificates are made with openssl for the test; the client trusts the server by its authority, and the server
// may want a certificate from the client. Nothing below TLS 1.3 is spoken.
#include <cstdlib>
#include <fstream>

#include "tests/server/rpc_fixture.h"

namespace hedgerow::server {
namespace {

class TlsTest : public RpcTest {
 protected:
  bool Run(const std::string& command) {
    return std::system((command + " > " + scratch_.Path("out") + " 2>&1").c_str()) == 0;
  }
  // An authority, and a certificate that it signed for localhost: NAME-ca.pem, NAME.pem, NAME.key.
  bool MakeCertificate(const std::string& name) {
    const std::string base = scratch_.Path(name);
    std::ofstream(base + ".ext") << "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
    return Run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + name + "-ca -keyout " + base +
               "-ca.key -out " + base + "-ca.pem") &&
           Run("openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout " + base + ".key -out " + base +
               ".csr") &&
           Run("openssl x509 -req -days 2 -in " + base + ".csr -CA " + base + "-ca.pem -CAkey " + base +
               "-ca.key -CAcreateserial -extfile " + base + ".ext -out " + base + ".pem");
  }
  void StartTls() {
    std::ofstream(scratch_.Path("tokens")) << TokenLine(Roles::All(), token_, "x");
    daemon_options_.token_file = scratch_.Path("tokens");
    daemon_options_.rpc.addresses = {*ParseAddress("tls:localhost:0")};
    daemon_options_.rpc.tls.certificate = scratch_.Path("server.pem");
    daemon_options_.rpc.tls.key = scratch_.Path("server.key");
    Start(SomePeople(1));
  }
  Result<std::unique_ptr<Client>> TryConnect(const std::string& authority, const std::string& own = "") {
    ClientOptions options{.address = daemon_->rpc().addresses()[0].ToString(), .token = token_};
    options.ca = scratch_.Path(authority + "-ca.pem");
    if (!own.empty()) {
      options.certificate = scratch_.Path(own + ".pem");
      options.key = scratch_.Path(own + ".key");
    }
    return Client::Connect(options);
  }

  const std::string token_ = MakeToken();
};

#define NEEDS_OPENSSL()                                                                  \
  if (std::system("openssl version > /dev/null 2>&1") != 0) {                            \
    GTEST_SKIP() << "there is no openssl command to make certificates with: install it"; \
  }

TEST_F(TlsTest, TheClientTrustsTheRightAuthorityAlone) {
  NEEDS_OPENSSL();
  ASSERT_TRUE(MakeCertificate("server") && MakeCertificate("other"));
  StartTls();
  const auto client = TryConnect("server");
  ASSERT_TRUE(client.ok()) << client.error().ToString();
  EXPECT_EQ((*client)->Describe()->records, 60U);
  EXPECT_EQ(TryConnect("other").error().code, ErrorCode::kUnreachable);
  const std::string port = std::to_string(daemon_->rpc().addresses()[0].port);
  EXPECT_TRUE(Run("openssl s_client -brief -tls1_3 -connect localhost:" + port + " < /dev/null"));
  EXPECT_FALSE(Run("openssl s_client -brief -tls1_2 -connect localhost:" + port + " < /dev/null"));
  // A new certificate under another authority, without a restart. Connections that are there stay.
  std::filesystem::copy_file(scratch_.Path("other.pem"), scratch_.Path("server.pem"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_FALSE(daemon_->Reload().ok()) << "a certificate without its key changes nothing";
  EXPECT_TRUE(TryConnect("server").ok());
  std::filesystem::copy_file(scratch_.Path("other.key"), scratch_.Path("server.key"),
                             std::filesystem::copy_options::overwrite_existing);
  ASSERT_TRUE(daemon_->Reload().ok());
  EXPECT_FALSE(TryConnect("server").ok());
  EXPECT_TRUE(TryConnect("other").ok());
  EXPECT_TRUE((*client)->Ping().ok());
}

TEST_F(TlsTest, TheServerMayWantACertificate) {
  NEEDS_OPENSSL();
  ASSERT_TRUE(MakeCertificate("server") && MakeCertificate("guest") && MakeCertificate("other"));
  daemon_options_.rpc.tls.client_ca = scratch_.Path("guest-ca.pem");
  StartTls();
  EXPECT_TRUE(TryConnect("server", "guest").ok());
  EXPECT_FALSE(TryConnect("server").ok());
  EXPECT_FALSE(TryConnect("server", "other").ok());
}

}  // namespace
}  // namespace hedgerow::server
