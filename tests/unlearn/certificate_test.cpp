// Proves the certificate on pairs of splits: no sequence of as many removals as are certified lets the challenger reach
// the champion. All small nodes and random larger ones are searched for the shortest sequence that does, and the
// certificate must not be much shorter. A node is its joint counts: by class, side of the champion, side of the
// challenger.
#include "unlearn/certificate.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "tests/support/data.h"
#include "tests/unlearn/joint.h"

namespace hedgerow::unlearn {
namespace {

struct Comparison {
  Tightness simple, tight, nested;

  void Add(const Joint& joint, int most) {
    const auto lead = joint.Lead();
    if (!lead || !(*lead > 0)) return;
    const std::uint64_t certified = joint.Certify(false);
    ASSERT_GE(certified, joint.SimpleBound());
    const auto truth = TrueRemovals(joint, most);
    if (!truth) return;
    ASSERT_LE(certified, *truth) << ::testing::PrintToString(joint.cells);
    simple.Add(*truth, joint.SimpleBound());
    tight.Add(*truth, certified);
    if (!joint.nested()) return;
    const std::uint64_t with_joint = joint.Certify(true);
    ASSERT_LE(with_joint, *truth) << ::testing::PrintToString(joint.cells);
    nested.Add(*truth, with_joint);
  }
  void Print(const std::string& name) const {
    simple.Print(name + ", half the lead");
    tight.Print(name + ", certificate");
    nested.Print(name + ", certificate of nested");
  }
};

TEST(CertificateTest, HoldsOnAllSmallNodesAndIsTight) {
  struct Case {
    std::size_t classes;
    int records;
  };
  Comparison all;
  for (const Case& one : {Case{2, 11}, Case{3, 6}, Case{4, 5}, Case{5, 4}}) {
    Comparison comparison;
    for (int records = 2; records <= one.records; ++records) {
      Joint joint(one.classes);
      ForEachJoint(joint, records, [&](const Joint& node) {
        comparison.Add(node, records);
        all.Add(node, records);
      });
    }
    comparison.Print(std::to_string(one.classes) + " classes");
    ASSERT_FALSE(HasFatalFailure());
  }
  all.Print("all");
  EXPECT_LE(all.tight.Ratio(), 1.1);
  EXPECT_LE(all.tight.FirstRatio(), 1.1);
  EXPECT_LE(all.nested.Ratio(), 1.1);
  EXPECT_GT(all.simple.Ratio(), 1.7) << "what the certificate replaces";
}

// Counts of all sizes: from none in a cell to most of the records.
Joint RandomJoint(std::mt19937_64& random, std::size_t classes, int records, bool nested) {
  std::vector<double> weights(4 * classes);
  std::uniform_real_distribution<double> uniform(0.001, 1);
  for (double& weight : weights) {
    const double x = uniform(random);
    weight = x * x * x * (random() % 5 == 0 ? 0.05 : 1);
  }
  for (std::size_t cell = 1; nested && cell < weights.size(); cell += 4) weights[cell] = 0;
  std::discrete_distribution<std::size_t> draw(weights.begin(), weights.end());
  Joint joint(classes);
  for (int i = 0; i < records; ++i) ++joint.cells[draw(random)];
  return joint;
}

TEST(CertificateTest, HoldsOnRandomNodesAndIsTight) {
  std::mt19937_64 random(tests::Seed(1));
  Comparison all;
  for (const std::size_t classes : {2U, 3U, 4U, 5U}) {
    Comparison comparison;
    const int most = std::array{0, 0, 12, 6, 4, 4}[classes];
    for (int i = 0; i < 1000; ++i) {
      const Joint joint = RandomJoint(random, classes, 5 + static_cast<int>(random() % 60), i % 3 == 0);
      comparison.Add(joint, most);
      all.Add(joint, most);
      ASSERT_FALSE(HasFatalFailure());
    }
    comparison.Print(std::to_string(classes) + " classes, random");
  }
  all.Print("all, random");
  EXPECT_LE(all.tight.Ratio(), 1.3) << "the joint counts, which it does not know, allow fewer sequences";
  EXPECT_LE(all.nested.Ratio(), 1.2);
}

// No sequence that is found can be shorter than the certificate, and on large nodes the greedy one is not much longer.
TEST(CertificateTest, IsCloseToTheGreedySearchOnLargeNodes) {
  std::mt19937_64 random(tests::Seed(2));
  Tightness simple, tight;
  for (const std::size_t classes : {2U, 3U, 5U, 26U}) {
    for (int i = 0; i < 60; ++i) {
      const Joint joint = RandomJoint(random, classes, 200 << random() % 6, i % 3 == 0);
      const auto lead = joint.Lead();
      if (!lead || !(*lead > 0)) continue;
      const auto greedy = GreedyRemovals(joint);
      if (!greedy) continue;
      const std::uint64_t certified = joint.Certify(joint.nested());
      ASSERT_LE(certified, *greedy) << ::testing::PrintToString(joint.cells);
      tight.Add(*greedy, certified);
      simple.Add(*greedy, joint.SimpleBound());
    }
  }
  simple.Print("greedy, half the lead");
  tight.Print("greedy, certificate");
  EXPECT_LE(tight.Ratio(), 1.5) << "the greedy search does not find the shortest sequences";
}

// Why a search is no certificate. Taking what weakens most at once can lead away from what flips soonest.
TEST(CertificateTest, GreedySearchMissesSequences) {
  const Joint example({0, 0, 1, 3, 1, 5, 0, 0});
  EXPECT_EQ(GreedyRemovals(example), 7U);
  EXPECT_EQ(TrueRemovals(example, 10), 3U);
  EXPECT_EQ(example.Certify(false), 3U);

  std::size_t missed = 0, nodes = 0;
  for (int records = 2; records <= 10; ++records) {
    Joint joint(2);
    ForEachJoint(joint, records, [&](const Joint& node) {
      const auto lead = node.Lead();
      if (!lead || !(*lead > 0)) return;
      const auto truth = TrueRemovals(node, records);
      if (!truth) return;
      ++nodes;
      missed += GreedyRemovals(node) == truth ? 0 : 1;
    });
  }
  std::printf("the greedy search misses the shortest sequence in %zu of %zu nodes\n", missed, nodes);
  EXPECT_GT(missed, 500U);
}

TEST(CertificateTest, Edges) {
  const auto certify = [](const std::vector<double>& champion, const std::vector<double>& challenger,
                          std::uint64_t at_most) { return CertifiedRemovals(champion, challenger, false, at_most); };
  const std::vector<double> pure = {500, 0, 0, 500}, mixed = {250, 250, 250, 250};
  EXPECT_EQ(certify(pure, pure, 1000), 0U) << "a tie is decided by the order of the candidates";
  EXPECT_EQ(certify(mixed, pure, 1000), 0U);
  EXPECT_EQ(certify(pure, mixed, 7), 7U) << "no more than is asked for";
  // One class has to go nearly wholly, before both splits are worth the same.
  EXPECT_GE(certify(pure, mixed, 1000), 400U);
  EXPECT_LE(certify(pure, mixed, 1000), 500U);
  EXPECT_GT(certify(pure, {500, 500, 0, 0}, 1000), 400U) << "a challenger with an empty side";
  // The lead is beyond 2, but the whole right side of the champion is one record: it stays, or the split is none.
  EXPECT_GT(certify({40, 0, 0, 1}, {20, 0, 20, 1}, 1000), 0U);
  // Large counts: the challenger has one record on the wrong side of each, and without the two it is as good.
  EXPECT_EQ(certify({4e7, 0, 0, 4e7}, {4e7 - 1, 1, 1, 4e7 - 1}, 1000), 1U);
}

}  // namespace
}  // namespace hedgerow::unlearn
