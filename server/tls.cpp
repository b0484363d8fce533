#include "server/tls.h"

#include <kj/exception.h>
#include <kj/vector.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <memory>
#include <sstream>

namespace hedgerow::server {
namespace {

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file || file.bad())
    return Error{ErrorCode::kIo, "the file cannot be read", path, "check its name and your rights"};
  return text.str();
}

// KJ takes a key that is not the certificate's without a word, and then fails at every handshake.
bool BelongTogether(const std::string& certificate, const std::string& key) {
  using Bytes = std::unique_ptr<BIO, decltype(&BIO_free)>;
  const Bytes first(BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())), &BIO_free);
  const Bytes second(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(PEM_read_bio_X509(first.get(), nullptr, nullptr, nullptr),
                                                         &X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pkey(
      PEM_read_bio_PrivateKey(second.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  return x509 && pkey && X509_check_private_key(x509.get(), pkey.get()) == 1;
}

kj::StringPtr ToKj(const std::string& text) {
  return {text.c_str(), text.size()};
}

// The arrays that the options point at live as long as the calls that make a context.
struct Material {
  Material(const std::string& certificate, const std::string& key, const std::string& ca) {
    if (!certificate.empty())
      pair = kj::TlsKeypair{kj::TlsPrivateKey(ToKj(key)), kj::TlsCertificate(ToKj(certificate))};
    if (!ca.empty()) authorities.add(kj::TlsCertificate(ToKj(ca)));
  }

  kj::TlsContext::Options Options() {
    kj::TlsContext::Options options;
    // This version of KJ has no word for "1.3 at the least". The list is of TLS 1.2 alone, and its one suite wants a
    // key that nobody has: so only TLS 1.3, whose suites are listed elsewhere, can be agreed upon.
    options.minVersion = kj::TlsVersion::TLS_1_2;
    options.cipherList = "PSK-AES256-GCM-SHA384";
    options.trustedCertificates = authorities;
    options.useSystemTrustStore = authorities.empty();
    KJ_IF_MAYBE (own, pair) options.defaultKeypair = *own;
    return options;
  }

  kj::Maybe<kj::TlsKeypair> pair;
  kj::Vector<kj::TlsCertificate> authorities;
};

kj::TlsContext MakeServerContext(const TlsFiles& files) {
  Material material(files.certificate, files.key, files.client_ca);
  kj::TlsContext::Options options = material.Options();
  options.useSystemTrustStore = false;
  options.verifyClients = !files.client_ca.empty();
  return kj::TlsContext(kj::mv(options));
}

Error Refused(const kj::Exception& exception, const std::string& path) {
  return {ErrorCode::kBadInput,
          "the certificate or the key is not usable: " + std::string(exception.getDescription().cStr()), path,
          "give PEM files that belong together"};
}

}  // namespace

ServerTls::ServerTls(const TlsFiles& files) : context(MakeServerContext(files)) {}

Result<TlsFiles> LoadTls(const TlsPaths& paths) {
  if (paths.certificate.empty() || paths.key.empty()) {
    return Error{ErrorCode::kUsage, "an address with TLS needs a certificate and its key", "",
                 "name them with --tls-certificate and --tls-key"};
  }
  TlsFiles files;
  const std::pair<const std::string*, std::string*> all[] = {
      {&paths.certificate, &files.certificate}, {&paths.key, &files.key}, {&paths.client_ca, &files.client_ca}};
  for (const auto& [path, content] : all) {
    if (path->empty()) continue;
    Result<std::string> text = ReadFile(*path);
    if (!text) return text.error();
    *content = std::move(*text);
  }
  const auto failed = kj::runCatchingExceptions([&] { (void)kj::refcounted<ServerTls>(files); });
  KJ_IF_MAYBE (exception, failed) return Refused(*exception, paths.certificate);
  if (BelongTogether(files.certificate, files.key)) return files;
  return Error{ErrorCode::kBadInput, "the key is not the certificate's", paths.key,
               "give PEM files that belong together"};
}

Result<kj::Own<kj::TlsContext>> MakeClientTls(const ClientTlsPaths& paths) {
  std::string texts[3];
  const std::string* const names[3] = {&paths.certificate, &paths.key, &paths.ca};
  for (std::size_t i = 0; i < 3; ++i) {
    if (names[i]->empty()) continue;
    Result<std::string> text = ReadFile(*names[i]);
    if (!text) return text.error();
    texts[i] = std::move(*text);
  }
  kj::Own<kj::TlsContext> context;
  const auto failed = kj::runCatchingExceptions([&] {
    Material material(texts[0], texts[1], texts[2]);
    context = kj::heap<kj::TlsContext>(material.Options());
  });
  KJ_IF_MAYBE (exception, failed) return Refused(*exception, paths.ca.empty() ? paths.certificate : paths.ca);
  return kj::mv(context);
}

}  // namespace hedgerow::server
