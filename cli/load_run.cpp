#include "cli/load_run.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <functional>
#include <thread>
#include <utility>

namespace hedgerow::cli {

namespace {

constexpr std::size_t kMostOpen = 200'000;  // a server that does not answer at all
constexpr auto kPatience = std::chrono::seconds(30);

std::uint64_t NsSince(std::chrono::steady_clock::time_point start) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count()));
}

}  // namespace

void LoadResult::Count(const Status& status, std::uint64_t ns) {
  if (status) {
    latency.Record(ns);
  } else if (status.error().code == ErrorCode::kOverloaded) {
    ++overloaded;
  } else {
    ++failed;
  }
}

LoadRun::LoadRun(std::vector<std::unique_ptr<server::Client>> clients, datasets::Table table, const Options& options)
    : clients_(std::move(clients)), table_(std::move(table)), options_(options) {
  for (std::size_t i = 0; i < table_.size(); ++i) present_.push_back(i);
}

std::size_t LoadRun::missing() const {
  const std::lock_guard lock(mutex_);
  return absent_.size();
}

datasets::Table LoadRun::Row(std::size_t row) const {
  datasets::Table one;
  one.width = table_.width;
  one.ids = {table_.ids[row]};
  one.labels = {table_.labels[row]};
  one.cells.assign(table_.row(row).begin(), table_.row(row).end());
  if (!table_.subjects.empty()) one.subjects = {table_.subjects[row]};
  return one;
}

std::vector<datasets::Cell> LoadRun::BatchRows() {
  std::vector<datasets::Cell> rows;
  rows.reserve(options_.batch_rows * table_.width);
  for (std::size_t i = 0; i < options_.batch_rows; ++i) {
    const auto row = table_.row(next_row_++ % table_.size());
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

template <class Answered>
void LoadRun::Predict(Kind kind, server::Client& client, const Answered& answered) {
  if (kind == kBatch) {
    if (options_.class_only) return client.ClassifyBatch(BatchRows(), table_.width, 0, answered);
    return client.PredictBatch(BatchRows(), table_.width, 0, answered);
  }
  const auto at = table_.row(next_row_++ % table_.size());
  std::vector<datasets::Cell> row(at.begin(), at.end());
  if (options_.class_only) return client.Classify(std::move(row), 0, answered);
  client.Predict(std::move(row), 0, answered);
}

void LoadRun::Start(Kind kind, Clock::time_point due, LoadResult& result, const std::function<void()>& after) {
  server::Client& client = *clients_[next_client_++ % clients_.size()];
  const auto finish = [this, &result, due, after](const Status& status) {
    result.Count(status, NsSince(due));
    after();
    --open_;
  };
  const auto update = [this, finish](std::size_t row, std::deque<std::size_t>& now,
                                     std::deque<std::size_t>& otherwise) {
    return [this, finish, row, &now, &otherwise](const Result<server::Update>& done) {
      const bool made = done && done->kind == server::Update::Kind::kDone;
      {
        const std::lock_guard lock(mutex_);
        (made ? now : otherwise).push_back(row);
      }
      finish(done ? Status() : done.error());
    };
  };
  ++open_;
  if (kind == kPing) return client.Ping(finish);
  if (kind == kPredict || kind == kBatch) {
    return Predict(kind, client, [finish](const auto& answer) { finish(answer ? Status() : answer.error()); });
  }
  std::deque<std::size_t>& from = kind == kForget ? present_ : absent_;
  std::deque<std::size_t>& to = kind == kForget ? absent_ : present_;
  std::size_t row = 0;
  {
    const std::lock_guard lock(mutex_);
    if (from.empty()) {
      --open_;
      return;
    }
    row = from.front();
    from.pop_front();
  }
  if (kind == kForget) {
    return client.Forget({.records = {table_.ids[row]}, .options = {.with_roots = false}}, options_.wait,
                         update(row, to, from));
  }
  client.Learn(Row(row), {.with_roots = false}, update(row, to, from));
}

// Answers come on other threads, and a server that is gone gives none.
void LoadRun::AwaitAnswers() {
  const Clock::time_point end = Clock::now() + kPatience;
  while (open_ != 0 && Clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

LoadRun::Results LoadRun::AtRate(const LoadRates& rates, std::chrono::duration<double> length) {
  Results results = std::make_unique<LoadResult[]>(kKinds);
  const std::array<double, kKinds> per_second = {rates.ping, rates.predict, rates.batch, rates.forget, rates.learn};
  std::array<std::uint64_t, kKinds> started{};
  const Clock::time_point begin = Clock::now();
  while (true) {
    // The kind whose next call is due first.
    std::size_t kind = kKinds;
    double due_s = length.count();
    for (std::size_t k = 0; k < kKinds; ++k) {
      if (per_second[k] <= 0) continue;
      // Kinds whose rates fit each other would all be due at the same moments, and measure each other.
      const double shift = static_cast<double>(k) / static_cast<double>(kKinds);
      const double next = (static_cast<double>(started[k]) + shift) / per_second[k];
      if (next < due_s) {
        due_s = next;
        kind = k;
      }
    }
    if (kind == kKinds || open_ > kMostOpen) break;
    ++started[kind];
    const auto due = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(due_s));
    std::this_thread::sleep_until(due);
    Start(static_cast<Kind>(kind), due, results[kind], [] {});
  }
  AwaitAnswers();
  for (std::size_t k = 0; k < kKinds; ++k) results[k].seconds = length.count();
  return results;
}

LoadRun::Results LoadRun::AtOnce(Kind kind, std::size_t on_their_way, std::chrono::duration<double> length) {
  Results results = std::make_unique<LoadResult[]>(kKinds);
  const Clock::time_point begin = Clock::now();
  std::mutex mutex;
  std::condition_variable answered;
  std::size_t room = on_their_way;
  while (Clock::now() - begin < length) {
    {
      std::unique_lock lock(mutex);
      if (!answered.wait_for(lock, kPatience, [&] { return room != 0; })) break;
      --room;
    }
    next_client_ = 0;
    Start(kind, Clock::now(), results[kind], [&] {
      const std::lock_guard lock(mutex);
      ++room;
      answered.notify_one();
    });
  }
  AwaitAnswers();
  results[kind].seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return results;
}

}  // namespace hedgerow::cli
