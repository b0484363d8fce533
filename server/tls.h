// Certificates for TLS 1.3: read from PEM files, and made into contexts for the event loops.
//
// Thread rule: TlsFiles are plain values; a context belongs to one event loop.
#pragma once

#include <kj/compat/tls.h>
#include <kj/refcount.h>

#include <string>

#include "datasets/result.h"

namespace hedgerow::server {

struct TlsPaths {
  std::string certificate, key;  // of the server; PEM, the certificate with its chain
  std::string client_ca;         // if given, clients must have a certificate that it signed
};

// What the files hold.
struct TlsFiles {
  std::string certificate, key, client_ca;
};

// Reads the files and tries whether they fit together. kUsage, kIo, kBadInput.
Result<TlsFiles> LoadTls(const TlsPaths& paths);

// Kept alive by the connections that use it.
struct ServerTls : kj::Refcounted {
  explicit ServerTls(const TlsFiles& files);
  kj::TlsContext context;
};

struct ClientTlsPaths {
  std::string ca;                // whom to trust; empty: the system's authorities
  std::string certificate, key;  // of the client, if the server wants one
};
// kIo, kBadInput.
Result<kj::Own<kj::TlsContext>> MakeClientTls(const ClientTlsPaths& paths);

}  // namespace hedgerow::server
