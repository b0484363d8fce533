#include "server/http_server.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <thread>

#include "datasets/thread_priority.h"

namespace hedgerow::server {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using beast::error_code;

constexpr std::uint32_t kMaxHeaderBytes = 8'192;
constexpr std::uint64_t kStrangerBodyBytes = 64U << 10U;
constexpr auto kPause = std::chrono::milliseconds(100);

struct Shared {
  HttpRoutes& routes;
  Log& log;
  const HttpOptions options;
  std::atomic<std::size_t> connections = 0;
};

// One connection: a request, its answer, and the next one. Keeps itself alive while something is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) { ++shared_.connections; }
  ~Session() { --shared_.connections; }

  void Read() {
    parser_.emplace();
    parser_->header_limit(kMaxHeaderBytes);
    parser_->body_limit(shared_.options.body_bytes);
    stream_.expires_after(shared_.options.timeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, std::size_t) { self->HasReadHeader(error); });
  }

 private:
  // A large body is not taken into memory from somebody who has no role.
  void HasReadHeader(error_code error) {
    if (error) return HasRead(error);
    const beast::string_view token = parser_->get()[http::field::authorization];
    const bool large = parser_->chunked() || parser_->content_length().value_or(0) > kStrangerBodyBytes;
    if (large && !shared_.routes.Knows({token.data(), token.size()}))
      return Write({.status = 401, .body = R"({"error":"a large body from somebody without a role"})"}, false);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code failure, std::size_t) { self->HasRead(failure); });
  }

  void HasRead(error_code error) {
    if (error == http::error::body_limit)
      return Write({.status = 413, .body = R"({"error":"the body is too large"})"}, false);
    if (error == http::error::header_limit)
      return Write({.status = 431, .body = R"({"error":"the header is too large"})"}, false);
    if (error) return Close();
    const auto& request = parser_->get();
    const auto view = [](beast::string_view text) { return std::string_view(text.data(), text.size()); };
    HttpReply reply = shared_.routes.Answer({.method = view(request.method_string()),
                                             .target = view(request.target()),
                                             .authorization = view(request[http::field::authorization]),
                                             .body = request.body()});
    Write(std::move(reply), request.keep_alive());
  }

  void Write(HttpReply reply, bool keep) {
    response_ = {};
    response_.result(reply.status);
    response_.version(11);
    response_.set(http::field::content_type, reply.type);
    if (reply.status == 401) response_.set(http::field::www_authenticate, "Bearer");
    if (reply.retry_after_s != 0) response_.set(http::field::retry_after, std::to_string(reply.retry_after_s));
    response_.keep_alive(keep);
    response_.body() = std::move(reply.body);
    response_.prepare_payload();
    stream_.expires_after(shared_.options.timeout);
    http::async_write(stream_, response_, [self = shared_from_this(), keep](error_code error, std::size_t) {
      if (error || !keep) return self->Close();
      self->Read();
    });
  }

  void Close() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
  }

  beast::tcp_stream stream_;
  Shared& shared_;
  beast::flat_buffer buffer_{kMaxHeaderBytes + (64U << 10U)};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

// Accepts for as long as the server lives; where there are no descriptors, after a pause.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& context, int socket, bool v6, Shared& shared)
      : context_(context), acceptor_(context, v6 ? tcp::v6() : tcp::v4(), socket), timer_(context), shared_(shared) {}

  void Accept() {
    acceptor_.async_accept(asio::make_strand(context_),
                           [self = shared_from_this()](error_code error, tcp::socket socket) {
                             if (error == asio::error::operation_aborted) return;
                             if (error) return self->Pause();
                             if (self->shared_.connections < self->shared_.options.connections) {
                               std::make_shared<Session>(std::move(socket), self->shared_)->Read();
                             }
                             self->Accept();
                           });
  }

  void Stop() {
    asio::post(context_, [self = shared_from_this()] {
      error_code ignored;
      self->acceptor_.close(ignored);
      self->timer_.cancel();
    });
  }

 private:
  void Pause() {
    timer_.expires_after(kPause);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->Accept();
    });
  }

  asio::io_context& context_;
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  Shared& shared_;
};

Status CheckExposure(const Address& address, const Access& access) {
  if (address.kind != Address::Kind::kTcp) {
    return Error{ErrorCode::kUsage, "HTTP is spoken on plain TCP only", address.ToString(),
                 "write HOST:PORT; a proxy in front can do TLS"};
  }
  const Result<bool> local = IsLocal(address);
  if (!local) return local.error();
  if (!*local) {
    return Error{ErrorCode::kUsage, "tokens and records would cross the network unencrypted", address.ToString(),
                 "listen on 127.0.0.1, and let a proxy with TLS stand in front"};
  }
  if (access.has_tokens()) return {};
  return Error{ErrorCode::kUsage, "over HTTP nobody has a role without a token, and there is no token file",
               address.ToString(), "name one with --tokens"};
}

}  // namespace

struct HttpServer::Impl {
  Impl(HttpRoutes& routes, Log& log, const HttpOptions& options) : shared{routes, log, options, 0} {}
  Shared shared;
  asio::io_context context;
  std::vector<Address> addresses;
  std::vector<std::shared_ptr<Listener>> listeners;
  std::vector<std::thread> threads;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->context.stop();
  for (std::thread& thread : impl_->threads) thread.join();
}

const std::vector<Address>& HttpServer::addresses() const {
  return impl_->addresses;
}

void HttpServer::StopAccepting() {
  for (const auto& listener : impl_->listeners) listener->Stop();
}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpRoutes& routes, const Access& access, Log& log,
                                                      const HttpOptions& options) {
  auto impl = std::make_unique<Impl>(routes, log, options);
  for (Address address : options.addresses) {
    if (Status status = CheckExposure(address, access); !status) return status.error();
    const Result<int> socket = Listen(address, 0);
    if (!socket) return socket.error();
    const bool v6 = address.host.find(':') != std::string::npos;
    impl->listeners.push_back(std::make_shared<Listener>(impl->context, *socket, v6, impl->shared));
    impl->listeners.back()->Accept();
    address.port = PortOf(*socket);
    impl->addresses.push_back(address);
  }
  for (unsigned i = 0; i < options.threads && !impl->listeners.empty(); ++i) {
    impl->threads.emplace_back([context = &impl->context] {
      datasets::AnswerPromptly();
      context->run();
    });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace hedgerow::server
