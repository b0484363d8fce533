// Mixed load in one process, so that a sanitizer sees both ends: predictions, batches, erasures and learning, waiting
// for every stage, verification, upkeep, reloads, and peers that leave early. HEDGEROW_SOAK_SECONDS says how long (3).
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "tests/server/abuse_fixture.h"
#include "tests/server/conversations.h"

namespace hedgerow::server {
namespace {

using std::chrono::steady_clock;

class SoakTest : public AbuseTest {
 protected:
  // Calls `work` again and again on a thread of its own, with a client of its own. It tells whether all is well.
  void Begin(std::string name, std::function<bool(Client&)> work) {
    auto& hand = *hands_.emplace_back(std::make_unique<Hand>());
    hand.name = std::move(name);
    hand.thread = std::thread([this, &hand, work = std::move(work), client = Connect()] {
      while (!stop_) {
        if (!work(*client)) ++hand.failed;
        ++hand.done;
      }
    });
  }
  void End() {
    stop_ = true;
    for (const auto& hand : hands_) {
      hand->thread.join();
      EXPECT_GT(hand->done, 0U) << hand->name;
      EXPECT_EQ(hand->failed, 0U) << hand->name;
      std::cout << hand->done << " x " << hand->name << "\n";
    }
  }

 private:
  struct Hand {
    std::string name;
    std::uint64_t done = 0, failed = 0;
    std::thread thread;
  };
  std::atomic<bool> stop_ = false;
  std::vector<std::unique_ptr<Hand>> hands_;
};

TEST_F(SoakTest, MixedLoad) {
  std::mt19937_64 random(tests::Seed(11));
  data_ = People(random, {.records = 1'000, .features = 6, .classes = 3});
  options_.erase_within = std::chrono::milliseconds(50);
  options_.defer.inline_counted = 256;  // so that much is left to the background
  options_.defer.hedges.horizon = 1'000;
  options_.defer.hedges.min_records = 129;
  Start(data_);
  watcher_ = Connect();
  const datasets::Table& table = data_.table;
  const std::size_t width = table.width, half_size = (table.size() - 1) / 2;

  Begin("prediction",
        [&, i = std::size_t{0}](Client& client) mutable { return client.Predict(table.row(i++ % table.size())).ok(); });
  Begin("batch", [&](Client& client) { return client.PredictBatch({table.cells.data(), 200 * width}, width).ok(); });
  Begin("classes", [&](Client& client) {
    return client.Classify(table.row(0)).ok() && client.ClassifyBatch({table.cells.data(), 200 * width}, width).ok();
  });
  // Two hands take records out and put them back, each from its own half, and predict with what they know of it.
  for (const std::size_t half : {0U, 1U}) {
    Begin("forgetting and learning", [&, half, i = std::size_t{0}](Client& client) mutable {
      const std::size_t at = half * half_size + i++ % half_size;
      const auto stage = static_cast<storage::Stage>(i % 4);
      const auto gone = client.Forget({.records = {table.ids[at]}}, stage);
      if (!gone || gone->kind != Update::Kind::kDone) return false;
      if (!client.Predict(table.row(at), gone->stores[0].result->sequence).ok()) return false;
      const auto back = client.Learn(tests::One(table, at));
      return back.ok() && back->kind == Update::Kind::kDone && back->ticket.Await(storage::Stage::kExact).ok();
    });
  }
  Begin("correction", [&](Client& client) {
    const auto update = client.Correct(tests::One(table, table.size() - 1));  // which nobody else touches
    return update.ok() && update->kind == Update::Kind::kDone;
  });
  // These hold up updates: with pauses, of so many round trips.
  const auto pause = [](Client& client) {
    bool well = true;
    for (int i = 0; i < 500 && well; ++i) well = client.Ping().ok();
    return well;
  };
  Begin("verification", [&](Client& client) {
    const auto verified = client.Verify();
    return verified.ok() && verified->equal && pause(client);
  });
  Begin("upkeep", [&](Client& client) { return client.Checkpoint().ok() && client.Compact().ok() && pause(client); });
  Begin("description", [](Client& client) {
    return client.Describe().ok() && client.Metrics().ok() && client.Info().ok() && client.Reload().ok();
  });
  const std::string said = BootstrapBytes(0) + CallBytes(1, 0, 1);
  Begin("peer that leaves", [&, i = std::size_t{0}](Client& client) mutable {
    const int socket = *ConnectTo(*ParseAddress("unix:" + socket_), kPatienceMs);
    (void)Send(socket, said.data(), i++ % (said.size() + 1));
    ::close(socket);
    return client.Ping().ok();
  });

  const char* seconds = std::getenv("HEDGEROW_SOAK_SECONDS");
  std::this_thread::sleep_for(std::chrono::seconds(seconds == nullptr ? 3 : std::atoi(seconds)));
  End();
  // Who has said nothing for so long may have been hung up on.
  const auto verified = Connect()->Verify();
  ASSERT_TRUE(verified.ok());
  EXPECT_TRUE(verified->equal);
  watcher_.reset();
  EXPECT_TRUE(daemon_->Drain().ok());
}

}  // namespace
}  // namespace hedgerow::server
