#include "cli/connect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <span>
#include <utility>

#include "cli/options.h"
#include "storage/receipts.h"

namespace hedgerow::cli {
namespace {

using storage::Outcome;

class LocalAccess final : public StoreAccess {
 public:
  explicit LocalAccess(OpenStore opened) : opened_(std::move(opened)) {
    const forest::Forest& forest = opened_->model().forest();
    model_ = {forest.schema(), forest.parameters(), datasets::CategoryKeyFromSeed(forest.parameters().seed)};
  }

  const server::Model& model() const override { return model_; }
  bool remote() const override { return false; }
  OpenStore* local() override { return &opened_; }
  Status Predict(const datasets::Cell* rows, std::size_t count, double* probabilities) override {
    opened_->Predict(rows, count, probabilities, *opened_.executor);
    return {};
  }
  Status PredictClasses(const datasets::Cell* rows, std::size_t count, datasets::ClassCode* answers) override {
    opened_->PredictClasses(rows, count, answers, *opened_.executor);
    return {};
  }
  Result<Outcome> Forget(const storage::ForgetRequest& request, bool /*with_receipts*/) override {
    return opened_->Forget(request);
  }
  Result<Outcome> Learn(const datasets::Table& table, const storage::UpdateOptions& options) override {
    return opened_->Learn(table, options);
  }
  Result<Outcome> Correct(const datasets::Table& table, const storage::UpdateOptions& options) override {
    return opened_->Correct(table, options);
  }
  Status Await(const Outcome& outcome, storage::Stage stage) override {
    // Where nothing had to be done, what was done earlier has to come as far.
    return opened_->Await(outcome.sequence != 0 ? outcome.sequence : opened_->sequence(), stage);
  }
  Result<std::vector<std::string>> Receipts(const Outcome& outcome, storage::Stage stage) override {
    const auto receipts =
        storage::MakeReceipts(*opened_.store, opened_.directory, outcome.sequence, stage, outcome.commitment.OpenAll());
    if (!receipts) return receipts.error();
    return receipts->ToTexts();
  }
  std::vector<datasets::RecordId> Known(const datasets::Table& table) override {
    std::vector<datasets::RecordId> known;
    for (const datasets::RecordId id : table.ids) {
      if (opened_->model().records().Find(id)) known.push_back(id);
    }
    return known;
  }
  Result<storage::StoreInfo> Describe() override { return opened_->Describe(); }
  Result<storage::Comparison> Compare(const std::function<void(std::size_t, std::size_t)>& progress) override {
    storage::Comparison comparison{opened_->sequence(), opened_->records(), opened_->Root(), {}};
    const unlearn::Model& model = opened_->model();  // this process is alone with it: no copy is needed
    comparison.regrown_root = model.Regrow(*opened_.executor, progress).Root(model.records(), *opened_.executor);
    return comparison;
  }

 private:
  OpenStore opened_;
  server::Model model_;
};

// Several stores' outcomes as one.
void Join(const Outcome& from, Outcome& to) {
  to.repeated = to.repeated || from.repeated;
  to.record_count += from.record_count;
  to.records.insert(to.records.end(), from.records.begin(), from.records.end());
  to.effect += from.effect;
  to.update_us += from.update_us;
  to.commit_us += from.commit_us;
}

class RemoteAccess final : public StoreAccess {
 public:
  RemoteAccess(std::unique_ptr<server::Client> client, server::Model model)
      : client_(std::move(client)), model_(std::move(model)) {}

  const server::Model& model() const override { return model_; }
  bool remote() const override { return true; }
  OpenStore* local() override { return nullptr; }
  Status Predict(const datasets::Cell* rows, std::size_t count, double* probabilities) override {
    return InBatches(rows, count, [&](std::span<const datasets::Cell> part, std::size_t first) -> Status {
      const auto prediction = client_->PredictBatch(part, model_.width());
      if (!prediction) return prediction.error();
      return Copy(prediction->probabilities, part.size() / model_.width() * model_.classes(),
                  probabilities + first * model_.classes());
    });
  }
  Status PredictClasses(const datasets::Cell* rows, std::size_t count, datasets::ClassCode* answers) override {
    return InBatches(rows, count, [&](std::span<const datasets::Cell> part, std::size_t first) -> Status {
      const auto classification = client_->ClassifyBatch(part, model_.width());
      if (!classification) return classification.error();
      const std::vector<datasets::ClassCode>& classes = classification->classes;
      const auto known = [&](datasets::ClassCode code) { return code < model_.classes(); };
      if (!std::all_of(classes.begin(), classes.end(), known)) return server::SenselessAnswer();
      return Copy(classes, part.size() / model_.width(), answers + first);
    });
  }
  Result<Outcome> Forget(const storage::ForgetRequest& request, bool with_receipts) override {
    const auto openings = with_receipts ? server::Openings::kWanted : server::Openings::kNone;
    return Take(client_->Forget(request, storage::Stage::kUnlearned, openings));
  }
  Result<Outcome> Learn(const datasets::Table& table, const storage::UpdateOptions& options) override {
    return Take(client_->Learn(table, options));
  }
  Result<Outcome> Correct(const datasets::Table& table, const storage::UpdateOptions& options) override {
    return Take(client_->Correct(table, options));
  }
  Status Await(const Outcome& /*outcome*/, storage::Stage stage) override { return update_.ticket.Await(stage); }
  Result<std::vector<std::string>> Receipts(const Outcome& /*outcome*/, storage::Stage stage) override {
    std::vector<std::string> texts;
    std::optional<Error> nothing;
    for (const server::StoreOutcome& store : update_.stores) {
      auto receipts = update_.ticket.Receipts(stage, store.openings, store.store);
      if (!receipts && store.result && store.result->sequence == 0) {
        nothing = receipts.error();  // this store had nothing to do
        continue;
      }
      if (!receipts) return receipts.error();
      for (std::string& text : *receipts) texts.push_back(std::move(text));
    }
    if (texts.empty() && nothing) return *nothing;
    return texts;
  }
  std::vector<datasets::RecordId> Known(const datasets::Table& /*table*/) override { return {}; }
  Result<storage::StoreInfo> Describe() override { return client_->Describe(); }
  Result<storage::Comparison> Compare(const std::function<void(std::size_t, std::size_t)>& /*progress*/) override {
    const auto verified = client_->Verify();
    if (!verified) return verified.error();
    return verified->comparison;
  }

 private:
  // `ask(rows, first)` for no more rows than the server takes at once.
  template <class Ask>
  Status InBatches(const datasets::Cell* rows, std::size_t count, const Ask& ask) {
    const std::size_t at_once = client_->server().max_batch_rows, width = model_.width();
    for (std::size_t i = 0; i < count; i += at_once) {
      const std::span<const datasets::Cell> part(rows + i * width, std::min(at_once, count - i) * width);
      if (Status status = ask(part, i); !status) return status;
    }
    return {};
  }
  template <class T>
  static Status Copy(const std::vector<T>& answer, std::size_t expected, T* to) {
    if (answer.size() != expected) return server::SenselessAnswer();
    std::copy(answer.begin(), answer.end(), to);
    return {};
  }
  Result<Outcome> Take(Result<server::Update> update) {
    if (!update) return update.error();
    update_ = std::move(*update);
    std::string failed;
    const Error* why = nullptr;
    std::optional<Outcome> joined;
    for (const server::StoreOutcome& store : update_.stores) {
      if (!store.result) {
        failed += (failed.empty() ? "" : ", ") + store.store;
        why = &store.result.error();
      } else if (joined) {
        Join(*store.result, *joined);
      } else {
        joined = *store.result;
      }
    }
    if (why == nullptr && joined) return std::move(*joined);
    return Error{why == nullptr ? ErrorCode::kUnreachable : why->code,
                 fmt::format("the request was carried out in some stores only: {}", why == nullptr ? "" : why->message),
                 failed, joined ? fmt::format("make it again, with --request-id {}", joined->request_id) : ""};
  }

  std::unique_ptr<server::Client> client_;
  server::Model model_;
  server::Update update_;  // the last one
};

Result<std::string> ReadToken(const std::string& path) {
  if (path.empty()) {
    const char* token = std::getenv("HEDGEROW_TOKEN");
    return std::string(token == nullptr ? "" : token);
  }
  std::ifstream file(path);
  std::string token;
  if (file >> token) return token;
  return Error{ErrorCode::kIo, "there is no token in the file", path, "check its name and your rights"};
}

}  // namespace

void AddWhere(CLI::App& app, Where& where) {
  AddServer(app, where, app.add_option("--store", where.store.directory, "Directory of the store")->type_name("DIR"));
  AddThreads(app, where.store);
  RequireWhere(app, where);
}

void AddServer(CLI::App& app, Where& where, CLI::Option* here) {
  app.add_option("--connect", where.server.address,
                 "Server instead of a directory: unix:PATH, HOST:PORT or tls:HOST:PORT")
      ->type_name("ADDRESS")
      ->excludes(here);
  app.add_option("--name", where.server.store, "Name of the store there, if it serves several; forget: default all")
      ->type_name("NAME");
  app.add_option("--token-file", where.token_file, "File with the token for the server; default: $HEDGEROW_TOKEN")
      ->type_name("FILE");
  app.add_option("--tls-ca", where.server.ca, "PEM file with the authority that signed the server's certificate")
      ->type_name("FILE");
  app.add_option("--tls-certificate", where.server.certificate, "PEM file with a certificate for the server")
      ->type_name("FILE");
  app.add_option("--tls-key", where.server.key, "PEM file with its key")->type_name("FILE");
}

void RequireWhere(CLI::App& app, const Where& where) {
  app.parse_complete_callback([&where] {
    if (where.store.directory.empty() && !where.remote()) throw CLI::RequiredError("--store");
  });
}

void RefuseServer(CLI::App& app, const std::string& why) {
  app.add_option_function<std::string>("--connect",
                                       [why](const std::string&) { throw CLI::ValidationError("--connect", why); })
      ->group("");  // not in --help: it only tells who tries it
}

Result<std::unique_ptr<server::Client>> ConnectTo(const Where& where) {
  const Result<std::string> token = ReadToken(where.token_file);
  if (!token) return token.error();
  server::ClientOptions options = where.server;
  options.token = *token;
  return server::Client::Connect(options);
}

Result<std::unique_ptr<StoreAccess>> OpenAccess(const Where& where, storage::OpenMode mode) {
  if (!where.remote()) {
    auto opened = Open(where.store, mode);
    if (!opened) return opened.error();
    return std::unique_ptr<StoreAccess>(std::make_unique<LocalAccess>(std::move(*opened)));
  }
  auto client = ConnectTo(where);
  if (!client) return client.error();
  const std::vector<std::string>& roles = (*client)->server().roles;
  // Who may only erase needs no model, and may not see it.
  const bool erases_only = roles == std::vector<std::string>{"erase"};
  const bool names_one = !where.server.store.empty() || (*client)->server().stores.size() == 1;
  server::Model model;
  if (!erases_only && names_one) {
    auto info = (*client)->Info();
    if (!info) return info.error();
    model = std::move(info->model);
  }
  return std::unique_ptr<StoreAccess>(std::make_unique<RemoteAccess>(std::move(*client), std::move(model)));
}

}  // namespace hedgerow::cli
