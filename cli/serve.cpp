// hedgerow serve: answers clients until it is told to end.
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>

#include "cli/options.h"
#include "cli/verbs.h"
#include "server/daemon.h"

namespace hedgerow::cli {
namespace {

struct ServeOptions {
  std::vector<std::string> stores, rpc, http, users;
  std::string mode = "0600", log = "info";
  std::uint32_t threads = 0, slow_ms = 100, erase_within_s = 60, hedge_mib = 64, hedge_horizon = 0, cache_megabytes = 0,
                verify_every_s = 0, drain_s = 10, message_kib = 8'192;
  server::DaemonOptions daemon;
};

// "NAME=DIR", or DIR, which is called like its last part.
server::StoreSpec ToSpec(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals != 0 && text.find('/') > equals) {
    return {text.substr(0, equals), text.substr(equals + 1)};
  }
  std::filesystem::path path(text);
  if (!path.has_filename()) path = path.parent_path();
  return {path.filename().string(), text};
}

// Records pass through memory: no file of it may be left behind. And as many descriptors as are allowed.
void ProtectProcess() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

// Signals come to the main thread alone, which waits for them. Before any thread is there.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

Result<server::DaemonOptions> ToDaemonOptions(const ServeOptions& options) {
  server::DaemonOptions daemon = options.daemon;
  for (const std::string& store : options.stores) daemon.service.stores.push_back(ToSpec(store));
  daemon.service.erase_within = std::chrono::seconds(options.erase_within_s);
  daemon.service.verify_every = std::chrono::seconds(options.verify_every_s);
  daemon.service.defer.hedges.memory_bytes = std::size_t{options.hedge_mib} << 20;
  daemon.service.defer.hedges.horizon = options.hedge_horizon;
  daemon.service.cache_bytes = std::size_t{options.cache_megabytes} << 20;
  daemon.service.make_executor = [threads = options.threads] { return MakeExecutor(threads); };
  for (const std::string& text : options.rpc) {
    const auto address = server::ParseAddress(text);
    if (!address) return address.error();
    daemon.rpc.addresses.push_back(*address);
  }
  for (const std::string& text : options.http) {
    const auto address = server::ParseAddress(text);
    if (!address) return address.error();
    daemon.http.addresses.push_back(*address);
  }
  for (const std::string& rule : options.users) {
    if (Status status = daemon.users.Add(rule); !status) return status.error();
  }
  daemon.rpc.socket_mode = static_cast<std::uint32_t>(std::stoul(options.mode, nullptr, 8));
  daemon.limits.messages.message_words = std::uint64_t{options.message_kib} * 1'024 / 8;
  daemon.log_level = *server::ParseLogLevel(options.log);
  daemon.slow = std::chrono::milliseconds(options.slow_ms);
  daemon.drain_limit = std::chrono::seconds(options.drain_s);
  daemon.version = HEDGEROW_VERSION;
  daemon.on_shutdown = [] { ::kill(::getpid(), SIGTERM); };
  return daemon;
}

void Announce(const GlobalOptions& global, server::Daemon& daemon) {
  Json stores = Json::array(), rpc = Json::array();
  std::string text;
  for (const auto& store : daemon.service().stores()) stores.push_back(store->name());
  for (const server::Address& address : daemon.rpc().addresses()) {
    rpc.push_back(address.ToString());
    text += fmt::format("Answers at {}\n", address.ToString());
  }
  Json http = Json::array();
  for (const server::Address& address : daemon.http().addresses()) {
    http.push_back(address.ToString());
    text += fmt::format("Answers at http://{}\n", address.ToString());
  }
  if (global.json) {
    PrintJson({{"stores", stores}, {"rpc", rpc}, {"http", http}, {"pid", ::getpid()}});
  } else {
    Print(text);
  }
  std::fflush(stdout);
}

int RunServe(const GlobalOptions& global, const ServeOptions& options) {
  const auto prepared = ToDaemonOptions(options);
  if (!prepared) return Fail(global, prepared.error());
  ProtectProcess();
  const sigset_t signals = BlockSignals();
  auto daemon = server::Daemon::Start(*prepared);
  if (!daemon) return Fail(global, daemon.error());
  Announce(global, **daemon);
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) {
    (void)(*daemon)->Reload();  // a failure is in the log, and the old tokens stay
  }
  // A second signal ends the process at once.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  if (Status status = (*daemon)->Drain(); !status) return Fail(global, status.error());
  return FinishOutput(global, kDone);
}

std::string CheckMode(const std::string& text) {
  const bool octal = !text.empty() && text.size() <= 4 && text.find_first_not_of("01234567") == std::string::npos;
  return octal ? "" : "must be an octal mode such as 0660";
}

void AddAccess(CLI::App& app, ServeOptions& options) {
  app.add_option("--tokens", options.daemon.token_file, "Token file (see hedgerow token); read again on SIGHUP")
      ->type_name("FILE");
  app.add_option("--user", options.users, "Roles of a user on a unix socket, UID=ROLES; repeated")->type_name("RULE");
  app.add_option("--socket-mode", options.mode, "Mode of unix sockets' files")
      ->check(CheckMode)
      ->type_name("MODE")
      ->capture_default_str();
  app.add_option("--tls-certificate", options.daemon.rpc.tls.certificate, "PEM file with the server's certificate")
      ->type_name("FILE");
  app.add_option("--tls-key", options.daemon.rpc.tls.key, "PEM file with its key")->type_name("FILE");
  app.add_option("--tls-client-ca", options.daemon.rpc.tls.client_ca,
                 "PEM file with an authority: clients must have a certificate that it signed")
      ->type_name("FILE");
}

void AddLimits(CLI::App& app, ServeOptions& options) {
  server::DaemonOptions& daemon = options.daemon;
  AddNumber(app, "--max-connections", daemon.limits.connections, "Connections at a time",
            {.low = 1, .high = 1'000'000});
  AddNumber(app, "--max-in-flight", daemon.limits.in_flight, "Calls at a time that are being worked on",
            {.low = 1, .high = 1'000'000});
  AddNumber(app, "--max-queue", daemon.service.limits.updates.jobs, "Updates of a store that wait their turn",
            {.low = 1, .high = 1'000'000});
  AddNumber(app, "--max-batch", daemon.service.max_batch_rows, "Rows of a batch", {.low = 1, .high = 1'000'000});
  AddNumber(app, "--max-message", options.message_kib, "KiB of a message", {.low = 64, .high = 1'048'576});
  AddNumber(app, "--drain-limit", options.drain_s, "Seconds that answers have to get out at the end",
            {.low = 0, .high = 3'600});
  AddNumber(app, "--slow", options.slow_ms, "Milliseconds after which a request gets a line in the log",
            {.low = 0, .high = 3'600'000});
}

void AddBackground(CLI::App& app, ServeOptions& options) {
  unlearn::DeferOptions& defer = options.daemon.service.defer;
  AddNumber(app, "--inline-records", defer.inline_records,
            "Records of the largest subtree that an update grows itself; larger ones are grown in the background",
            {.low = 0, .high = 4'000'000'000});
  AddNumber(app, "--inline-counted", defer.inline_counted, "Records of the largest node that an update counts anew",
            {.low = 0, .high = 4'000'000'000});
  AddNumber(app, "--hedge-horizon", options.hedge_horizon,
            "Keep the challenger's subtrees ready where a split survives fewer removals than this; 0: nowhere",
            {.low = 0, .high = 1'000'000});
  AddNumber(app, "--hedge-min-records", defer.hedges.min_records, "Only for nodes of at least so many records",
            {.low = 129, .high = 4'000'000'000});
  AddNumber(app, "--hedge-memory", options.hedge_mib, "MiB for all of them", {.low = 1, .high = 1'048'576});
}

}  // namespace

Run SetupServe(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<ServeOptions>();
  app.add_option("--store", options->stores, "Store to serve, DIR or NAME=DIR; repeated")
      ->required()
      ->type_name("[NAME=]DIR");
  app.add_option("--rpc", options->rpc, "Where to listen: unix:PATH, HOST:PORT or tls:HOST:PORT; repeated")
      ->required()
      ->type_name("ADDRESS");
  app.add_option("--http", options->http, "Where to speak HTTP: HOST:PORT of this machine; repeated")
      ->type_name("ADDRESS");
  AddAccess(app, *options);
  AddNumber(app, "--erase-within", options->erase_within_s, "Seconds until forgotten records are erased from the disk",
            {.low = 1, .high = 2'592'000});
  AddNumber(app, "--verify-every", options->verify_every_s,
            "Seconds between verifications of each store, whose results are entered in its log; 0: never",
            {.low = 0, .high = 31'536'000});
  AddBackground(app, *options);
  AddNumber(app, "--cache-megabytes", options->cache_megabytes,
            "MiB a store for answers that are kept for rows that come again before the next update; 0: none are",
            {.low = 0, .high = 1'048'576});
  AddNumber(app, "--rpc-threads", options->daemon.rpc.loops, "Event loops", {.low = 1, .high = 256});
  AddNumber(app, "--threads", options->threads,
            "Threads for large batches and verification; 0: as many as the machine has", {.low = 0, .high = 1'024});
  AddLimits(app, *options);
  app.add_option("--log-level", options->log, "debug, info, warning, error or off")
      ->check([](const std::string& name) {
        return server::ParseLogLevel(name) ? "" : "must be one of debug, info, warning, error, off";
      })
      ->type_name("LEVEL")
      ->capture_default_str();
  AddJson(app, global);
  AddExamples(app, {"hedgerow serve --store shop --rpc unix:/run/hedgerow/rpc.sock",
                    "hedgerow serve --store eu=/var/lib/eu --store us=/var/lib/us --rpc 127.0.0.1:7878 --tokens tokens",
                    "hedgerow serve --store shop --rpc tls:0.0.0.0:7878 --tokens tokens --tls-certificate cert.pem "
                    "--tls-key key.pem"});
  return [options, &global] { return RunServe(global, *options); };
}

}  // namespace hedgerow::cli
