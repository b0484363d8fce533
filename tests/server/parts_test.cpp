// Roles, tokens, metrics, queues: the parts of the server that need nothing else.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "server/metrics.h"
#include "server/roles.h"
#include "server/stage_waiter.h"
#include "server/worker.h"

namespace hedgerow::server {
namespace {

TEST(RolesTest, AreParsedAndNamed) {
  const auto roles = ParseRoles("erase,predict");
  ASSERT_TRUE(roles.has_value());
  EXPECT_EQ(roles->Names(), (std::vector<std::string>{"predict", "erase"}));
  EXPECT_TRUE(Require(*roles, Role::kErase).ok());
  EXPECT_EQ(Require(*roles, Role::kAudit).error().code, ErrorCode::kUnauthorised);
  EXPECT_EQ(ParseRoles("all"), Roles::All());
  for (const char* wrong : {"", "erase,", ",erase", "erase predict", "Erase", "root"}) {
    EXPECT_FALSE(ParseRoles(wrong).has_value()) << wrong;
  }
}

TEST(RolesTest, ATokenFileGrantsWhatItSays) {
  const std::string one = MakeToken(), other = MakeToken();
  ASSERT_NE(one, other);
  EXPECT_EQ(one.size(), 64U);
  Roles predict;
  predict.Add(Role::kPredict);
  const std::string text =
      "# tokens\n\n" + TokenLine(predict, one, "shop") + "all " + TokenLine(predict, other, "x").substr(9);
  const auto table = TokenTable::Parse(text, "tokens");
  ASSERT_TRUE(table.ok()) << table.error().ToString();
  ASSERT_NE(table->Find(one), nullptr);
  EXPECT_EQ(table->Find(one)->roles, predict);
  EXPECT_EQ(table->Find(one)->name, "shop");
  EXPECT_EQ(table->Find(other)->roles, Roles::All());
  EXPECT_EQ(table->Find(""), nullptr);
  EXPECT_EQ(table->Find(one.substr(1)), nullptr);
  EXPECT_EQ(text.find(one), std::string::npos) << "the file holds hashes alone";
}

TEST(RolesTest, AWrongLineOfATokenFileIsNamed) {
  const std::string good = TokenLine(Roles::All(), "x", "y");
  for (const std::string& wrong : std::vector<std::string>{"predict\n", "predict 12\n", "nobody 12 x\n",
                                                           "predict,erase " + std::string(64, 'g') + " x\n"}) {
    const auto table = TokenTable::Parse(good + wrong, "file");
    ASSERT_FALSE(table.ok()) << wrong;
    EXPECT_EQ(table.error().place, "file:2");
    EXPECT_EQ(table.error().code, ErrorCode::kBadInput);
  }
  EXPECT_EQ(TokenTable::Load("/absent/tokens").error().code, ErrorCode::kIo);
}

TEST(RolesTest, UsersHaveTheRolesOfTheirRules) {
  UserTable users;
  ASSERT_TRUE(users.Add("4711=predict").ok());
  ASSERT_TRUE(users.Add("4711=audit").ok());
  EXPECT_EQ(users.RolesOf(4711).Names(), (std::vector<std::string>{"predict", "audit"}));
  EXPECT_TRUE(users.RolesOf(4712).None());
  EXPECT_EQ(users.RolesOf(0), Roles::All());
  for (const char* wrong : {"", "x=predict", "1", "1=", "1=king", "4294967296=predict", "-1=predict"}) {
    EXPECT_FALSE(users.Add(wrong).ok()) << wrong;
  }
}

TEST(MetricsTest, TheTextIsWhatPrometheusReads) {
  Metrics metrics;
  metrics.AddCounter("requests_total", "Requests", {{"method", "a\"b\\c\n"}}).Add(3);
  metrics.AddCounter("requests_total", "Requests", {{"method", "d"}}).Add();
  Histogram& seconds = metrics.AddHistogram("wait_seconds", "Waits");
  for (const double us : {5.0, 10.0, 10.5, 2e3, 1e9}) seconds.Observe(us);
  metrics.AddGauges("depth", "Depth", [] { return Metrics::Values{{{{"store", "x"}}, 2.5}}; });
  const std::string text = metrics.Render();
  for (const char* line : {"# TYPE requests_total counter\n", "requests_total{method=\"a\\\"b\\\\c\\n\"} 3\n",
                           "requests_total{method=\"d\"} 1\n", "# TYPE wait_seconds histogram\n",
                           "wait_seconds_bucket{le=\"1e-05\"} 2\n", "wait_seconds_bucket{le=\"2.5e-05\"} 3\n",
                           "wait_seconds_bucket{le=\"0.0025\"} 4\n", "wait_seconds_bucket{le=\"+Inf\"} 5\n",
                           "wait_seconds_count 5\n", "# TYPE depth gauge\n", "depth{store=\"x\"} 2.5\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\nis not in\n" << text;
  }
  EXPECT_EQ(text.find("# HELP requests_total"), text.rfind("# HELP requests_total")) << "one header a family";
}

// Once each gauge of a store read all of the store's anew, which took its locks some thirty times a text.
TEST(MetricsTest, ATableIsReadOnceAText) {
  Metrics metrics;
  int readings = 0;
  metrics.AddGaugeTable({{"size", "Size"}, {"age_seconds", "Age"}}, [&] {
    ++readings;
    return Metrics::Table{{{{"store", "x"}}, {readings * 1.0, 0.5}}, {{{"store", "y"}}, {2e6, -1}}};
  });
  metrics.AddGauges("depth", "Depth", [] { return Metrics::Values{{{}, 3}}; });
  for (int text = 1; text <= 2; ++text) {
    EXPECT_EQ(metrics.Render(), fmt::format("# HELP size Size\n# TYPE size gauge\n"
                                            "size{{store=\"x\"}} {}\nsize{{store=\"y\"}} 2000000\n"
                                            "# HELP age_seconds Age\n# TYPE age_seconds gauge\n"
                                            "age_seconds{{store=\"x\"}} 0.5\nage_seconds{{store=\"y\"}} -1\n"
                                            "# HELP depth Depth\n# TYPE depth gauge\ndepth 3\n",
                                            text));
    EXPECT_EQ(readings, text);
  }
}

TEST(WorkerTest, DoesJobsInOrderAndRefusesBeyondItsLimits) {
  std::promise<void> release;
  std::vector<int> order;
  {
    Worker worker("test", {.jobs = 2, .bytes = 100});
    std::promise<void> running;
    ASSERT_TRUE(worker.TryPost([&] {
      running.set_value();
      release.get_future().wait();
    }));
    running.get_future().wait();
    EXPECT_TRUE(worker.TryPost([&] { order.push_back(1); }, 60));
    EXPECT_FALSE(worker.TryPost([&] { order.push_back(2); }, 60)) << "too many bytes";
    EXPECT_TRUE(worker.TryPost([&] { order.push_back(3); }, 40));
    EXPECT_FALSE(worker.TryPost([&] { order.push_back(4); })) << "too many jobs";
    EXPECT_EQ(worker.depth(), 2U);
    release.set_value();
    worker.Stop();
    EXPECT_FALSE(worker.TryPost([] {}));
  }
  EXPECT_EQ(order, (std::vector<int>{1, 3}));
}

TEST(StageWaiterTest, AnswersEachWithItsOwnResult) {
  std::atomic<std::uint64_t> asked = 0;
  std::vector<bool> answers;
  {
    StageWaiter waiter("test", 3, [&](std::uint64_t sequence) -> Status {
      ++asked;
      if (sequence < 5) return {};
      return Error{ErrorCode::kIo, "no", "", ""};
    });
    EXPECT_TRUE(waiter.TryWait(9, [&](const Status& status) { answers.push_back(status.ok()); }));
    EXPECT_TRUE(waiter.TryWait(1, [&](const Status& status) { answers.push_back(status.ok()); }));
    waiter.Stop();
    EXPECT_FALSE(waiter.TryWait(1, [](const Status&) {}));
  }
  EXPECT_EQ(asked, 2U);
  EXPECT_EQ(std::count(answers.begin(), answers.end(), true), 1);
}

TEST(StageWaiterTest, RefusesBeyondItsLimit) {
  std::promise<void> release, running;
  const std::shared_future<void> released = release.get_future().share();
  std::atomic<int> runs = 0;
  StageWaiter waiter("test", 2, [&](std::uint64_t) -> Status {
    if (runs++ == 0) running.set_value();
    released.wait();
    return {};
  });
  EXPECT_TRUE(waiter.TryWait(1, [](const Status&) {}));
  running.get_future().wait();
  EXPECT_TRUE(waiter.TryWait(2, [](const Status&) {}));
  EXPECT_FALSE(waiter.TryWait(3, [](const Status&) {}));
  EXPECT_EQ(waiter.depth(), 2U);
  release.set_value();
}

}  // namespace
}  // namespace hedgerow::server
