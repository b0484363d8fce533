// What the HTTP server answers: a function of the request, without sockets.
//
//     GET  /v2/health/live, /v2/health/ready       open to all
//     GET  /v2, /v2/models/NAME, /v2/models/NAME/ready; POST /v2/models/NAME/infer      role predict
//     GET  /metrics                                role operate or audit
//     GET  /log/PATH, with several stores /log/NAME/PATH      role audit
//
// Thread rule: any thread; a call may take as long as a large prediction.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/access.h"
#include "server/recorder.h"
#include "server/service.h"

namespace hedgerow::server {

struct HttpRequest {
  std::string_view method, target;
  std::string_view authorization;  // the header's value; may be empty
  std::string_view body;
};

struct HttpReply {
  unsigned status = 200;
  std::string type = "application/json";
  std::string body;
  std::uint32_t retry_after_s = 0;  // of 503
};

class HttpRoutes {
 public:
  HttpRoutes(Service& service, Access& access, Log& log, std::chrono::microseconds slow, std::string version);
  HttpReply Answer(const HttpRequest& request);
  // Whether who comes with this header's value has any role.
  bool Knows(std::string_view authorization) const { return RolesOf(authorization) != Roles(); }

 private:
  Result<HttpReply> Route(const HttpRequest& request);
  Result<HttpReply> Models(const HttpRequest& request, std::string_view path);
  Result<HttpReply> Infer(const HttpRequest& request, HostedStore& store);
  Result<HttpReply> LogFile(std::string_view path);
  Roles RolesOf(std::string_view authorization) const;

  Service& service_;
  Access& access_;
  const std::string version_;
  Method other_, infer_;
};

}  // namespace hedgerow::server
