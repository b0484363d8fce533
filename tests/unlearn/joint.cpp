#include "tests/unlearn/joint.h"

#include <algorithm>
#include <cstdio>

#include "unlearn/certificate.h"

namespace hedgerow::unlearn {
namespace {

// Whether f is true of some way to lower the counts by `removals` in all.
bool AnyRemoval(Joint& joint, int removals, const std::function<bool(const Joint&)>& f, std::size_t cell = 0) {
  if (removals == 0) return f(joint);
  if (cell == joint.cells.size()) return false;
  for (int k = std::min(removals, joint.cells[cell]); k >= 0; --k) {
    joint.cells[cell] -= k;
    const bool found = AnyRemoval(joint, removals - k, f, cell + 1);
    joint.cells[cell] += k;
    if (found) return true;
  }
  return false;
}

bool Flipped(const Joint& joint) {
  const auto lead = joint.Lead();
  return lead && *lead <= 0;
}

}  // namespace

std::optional<std::uint64_t> TrueRemovals(Joint joint, int most) {
  for (int r = 1; r <= std::min(most, joint.records()); ++r) {
    if (AnyRemoval(joint, r, Flipped)) return static_cast<std::uint64_t>(r - 1);
  }
  return {};
}

std::optional<std::uint64_t> GreedyRemovals(Joint joint, std::uint64_t most) {
  for (std::uint64_t survived = 0; survived <= most; ++survived) {
    std::optional<double> smallest;
    std::size_t best = 0;
    for (std::size_t cell = 0; cell < joint.cells.size(); ++cell) {
      if (joint.cells[cell] == 0) continue;
      --joint.cells[cell];
      const auto lead = joint.Lead();
      ++joint.cells[cell];
      if (!lead || (smallest && *smallest <= *lead)) continue;
      smallest = lead;
      best = cell;
    }
    if (!smallest) return {};
    if (*smallest <= 0) return survived;
    --joint.cells[best];
  }
  return {};
}

std::optional<std::uint64_t> StraightRemovals(const Joint& joint, std::uint64_t most) {
  std::optional<std::uint64_t> fewest;
  for (std::size_t cell = 0; cell < joint.cells.size(); ++cell) {
    Joint rest = joint;
    for (std::uint64_t survived = 0; survived <= most && rest.cells[cell] > 0; ++survived) {
      --rest.cells[cell];
      if (!Flipped(rest)) continue;
      fewest = most = survived;
      break;
    }
  }
  return fewest;
}

void ForEachJoint(Joint& joint, int records, const std::function<void(const Joint&)>& f, std::size_t cell) {
  if (cell + 1 == joint.cells.size()) {
    joint.cells[cell] = records;
    f(joint);
  } else {
    for (int k = 0; k <= records; ++k) {
      joint.cells[cell] = k;
      ForEachJoint(joint, records - k, f, cell + 1);
    }
  }
  joint.cells[cell] = 0;
}

int Joint::records() const {
  int records = 0;
  for (const int count : cells) records += count;
  return records;
}

std::vector<double> Joint::DivisionOf(std::size_t bit) const {
  std::vector<double> division(2 * classes());
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    division[((cell & bit) != 0 ? classes() : 0) + cell / 4] += cells[cell];
  }
  return division;
}

std::optional<double> Joint::Score(std::size_t bit) const {
  int lefts = 0;
  for (std::size_t cell = 0; cell < cells.size(); ++cell) lefts += (cell & bit) == 0 ? cells[cell] : 0;
  if (lefts == 0 || lefts == records()) return {};
  return ScoreOf(DivisionOf(bit));
}

std::optional<double> Joint::Lead() const {
  const auto champion = Score(2), challenger = Score(1);
  if (!champion || !challenger) return {};
  return *champion - *challenger;
}

bool Joint::nested() const {
  bool first = true, second = true;
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    first &= cell % 4 != 1 || cells[cell] == 0;
    second &= cell % 4 != 2 || cells[cell] == 0;
  }
  return first || second;
}

std::uint64_t Joint::Certify(bool nested) const {
  return CertifiedRemovals(DivisionOf(2), DivisionOf(1), nested, ~std::uint64_t{0});
}

std::uint64_t Joint::SimpleBound() const {
  return SurvivedChanges(*Score(2), *Score(1), records(), classes());
}

void Tightness::Add(std::uint64_t truth, std::uint64_t certified) {
  ++nodes_;
  first_ += static_cast<double>(truth + 1) / static_cast<double>(certified + 1);
  if (certified == 0) return;
  ++promising_;
  ratio_ += static_cast<double>(truth) / static_cast<double>(certified);
}

void Tightness::Print(const std::string& name) const {
  std::printf("%-40s %6zu nodes, %6zu promising: truth / certified %.3f, first flip / first possible %.3f\n",
              name.c_str(), nodes_, promising_, Ratio(), FirstRatio());
}

}  // namespace hedgerow::unlearn
