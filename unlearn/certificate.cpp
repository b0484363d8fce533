#include "unlearn/certificate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace hedgerow::unlearn {
namespace {

constexpr std::size_t kSides = 2;

// How often a proof that fails is tried again, with a tangent at another place.
constexpr int kTangents = 3;

// If the limit is so near above what needs no proof, it is tried first: mostly it holds.
constexpr std::uint64_t kNear = 16;

// One side's sums. With `most` and `second` the two largest counts of classes there.
struct Sums {
  double records = 0;
  double squares = 0;
  double most = 0;
  double second = 0;
  std::size_t major = 0;  // the class of `most`
};

// More than all rounding errors together of two scores, now and after any changes, and of what is computed here.
double RoundingOf(double records, std::size_t classes) {
  return records * static_cast<double>(classes + 8) * 0x1p-46;
}

Sums SumsOf(std::span<const double> counts) {
  Sums sums;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    sums.records += counts[c];
    sums.squares += counts[c] * counts[c];
    if (counts[c] > sums.most) {
      sums.second = sums.most;
      sums.most = counts[c];
      sums.major = c;
    } else {
      sums.second = std::max(sums.second, counts[c]);
    }
  }
  return sums;
}

std::span<const double> SideOf(Division division, std::size_t side) {
  const std::size_t classes = division.size() / kSides;
  return division.subspan(side * classes, classes);
}

// So many records of one class, on one side of the champion, each of which costs at most so much of the lead.
struct Item {
  double cost = 0;
  double records = 0;
  std::size_t cell = 0;  // the champion's count that they are taken from
};

// A plane under the champion's score: `height` over the champion, and how much it falls with each record of a cell.
struct Tangent {
  double height = 0;
  std::vector<double> losses;
};

class Duel {
 public:
  void Start(Division champion, Division challenger, bool nested);
  std::uint64_t Certify(std::uint64_t at_most);

 private:
  bool Proves(std::uint64_t removals);
  bool Survives(const Tangent& tangent, double removals);
  void SetTangent(std::span<const double> at, Tangent& tangent) const;
  void SetGains(double removals);
  void ListItems(std::span<const double> losses);
  void AddClass(std::span<const double> losses, std::size_t c);
  void AddNestedClass(std::span<const double> losses, std::size_t c);
  void Add(double cost, double records, std::size_t side, std::size_t c);
  double Removable(std::size_t side, std::size_t c) const {
    return std::min(champion_[side * classes_ + c], spare_[side]);
  }

  Division champion_, challenger_;
  bool nested_ = false;
  std::size_t classes_ = 0;
  double records_ = 0;
  double champion_score_ = 0, challenger_score_ = 0;
  std::array<double, kSides> spare_{};  // records that may leave the champion's sides
  std::array<Sums, kSides> sums_;       // the challenger's
  Tangent here_, there_;                // the tangents at the champion, and at another place
  std::vector<double> gains_;           // what a removal from a cell of the challenger gains by the chord
  std::vector<Item> items_;
  std::vector<double> taken_, place_;
};

void Duel::Start(Division champion, Division challenger, bool nested) {
  champion_ = champion;
  challenger_ = challenger;
  nested_ = nested;
  classes_ = champion.size() / kSides;
  for (std::size_t side = 0; side < kSides; ++side) {
    sums_[side] = SumsOf(SideOf(challenger, side));
    spare_[side] = SumsOf(SideOf(champion, side)).records - 1;
  }
  records_ = sums_[0].records + sums_[1].records;
  champion_score_ = ScoreOf(champion);
  challenger_score_ = ScoreOf(challenger);
  gains_.assign(champion.size(), 0.0);
  taken_.resize(champion.size());
  SetTangent(champion, here_);
}

// Touches the champion's score over the counts `at`. The score is convex and grows in proportion with its counts, so
// the plane runs through the origin, and nowhere above the score.
void Duel::SetTangent(std::span<const double> at, Tangent& tangent) const {
  tangent.height = 0;
  tangent.losses.resize(at.size());
  for (std::size_t side = 0; side < kSides; ++side) {
    const std::span<const double> counts = SideOf(at, side);
    const Sums sums = SumsOf(counts);
    const double slope = 2 / sums.records;
    const double purity = sums.squares / (sums.records * sums.records);
    for (std::size_t c = 0; c < classes_; ++c) {
      const std::size_t cell = side * classes_ + c;
      tangent.losses[cell] = slope * counts[c] - purity;
      tangent.height += tangent.losses[cell] * champion_[cell];
    }
  }
}

// What each of up to `removals` removals gains the challenger at most: the two cases of the proof.
void Duel::SetGains(double removals) {
  for (std::size_t side = 0; side < kSides; ++side) {
    const Sums& sums = sums_[side];
    if (sums.records == 0) continue;  // no items come from there
    const double others = sums.records - sums.most;
    const double chord = std::min(removals, others);
    const double scale = 1 / (sums.records * (sums.records - chord));
    for (std::size_t c = 0; c < classes_; ++c) {
      const std::size_t cell = side * classes_ + c;
      gains_[cell] = std::min(1.0, (sums.squares - sums.records * (2 * challenger_[cell] - chord)) * scale);
    }
    if (removals <= others) continue;
    const double rest = sums.records - std::min(removals, sums.most);
    gains_[side * classes_ + sums.major] =
        others > 0 ? others * (sums.second + others) / (sums.records * rest) - 1 : -1;
  }
}

void Duel::Add(double cost, double records, std::size_t side, std::size_t c) {
  if (cost > 0 && records > 0) items_.push_back({cost, std::min(records, spare_[side]), side * classes_ + c});
}

// Without the joint counts: the class's records leave the champion's dearer side first, and the challenger's.
void Duel::AddClass(std::span<const double> losses, std::size_t c) {
  const std::size_t s = losses[c] >= losses[classes_ + c] ? 0 : 1;
  const std::size_t t = gains_[c] >= gains_[classes_ + c] ? 0 : 1;
  const double dear = losses[s * classes_ + c], cheap = losses[(1 - s) * classes_ + c];
  const double most = gains_[t * classes_ + c], least = gains_[(1 - t) * classes_ + c];
  const double dears = Removable(s, c), cheaps = Removable(1 - s, c);
  const double mosts = challenger_[t * classes_ + c];
  Add(dear + most, std::min(dears, mosts), s, c);
  Add(cheap + most, std::min(cheaps, mosts - dears), 1 - s, c);
  Add(dear + least, dears - mosts, s, c);
  Add(cheap + least, std::min(cheaps, dears + cheaps - mosts), 1 - s, c);
}

// The records of the class are on the left of both splits, on the right of both, or between the two.
void Duel::AddNestedClass(std::span<const double> losses, std::size_t c) {
  const std::size_t right = classes_ + c;
  const double lefts = champion_[c], challenger_lefts = challenger_[c];
  Add(losses[c] + gains_[c], std::min(lefts, challenger_lefts), 0, c);
  Add(losses[c] + gains_[right], lefts - challenger_lefts, 0, c);
  Add(losses[right] + gains_[c], challenger_lefts - lefts, 1, c);
  Add(losses[right] + gains_[right], std::min(champion_[right], challenger_[right]), 1, c);
}

void Duel::ListItems(std::span<const double> losses) {
  items_.clear();
  for (std::size_t c = 0; c < classes_; ++c) {
    if (nested_) {
      AddNestedClass(losses, c);
    } else {
      AddClass(losses, c);
    }
  }
}

// Whether the lead outlasts the dearest removals. `taken_` then tells where they were.
bool Duel::Survives(const Tangent& tangent, double removals) {
  ListItems(tangent.losses);
  std::fill(taken_.begin(), taken_.end(), 0.0);
  double lead = tangent.height - challenger_score_ - RoundingOf(records_, classes_);
  const auto cheaper = [](const Item& a, const Item& b) { return a.cost < b.cost; };
  // Few items are used up, so seeking the dearest again and again is less work than sorting.
  while (removals > 0 && !items_.empty()) {
    Item& dearest = *std::max_element(items_.begin(), items_.end(), cheaper);
    const double n = std::min(dearest.records, removals);
    lead -= n * dearest.cost;
    removals -= n;
    taken_[dearest.cell] += n;
    dearest = items_.back();
    items_.pop_back();
  }
  return lead > 0;
}

bool Duel::Proves(std::uint64_t removals) {
  const auto r = static_cast<double>(removals);
  SetGains(r);
  if (Survives(here_, r)) return true;
  // Any tangent proves, and one where the dearest removals lead to is closer there. These are the mean places of all
  // that were tried.
  place_.assign(champion_.begin(), champion_.end());
  for (int i = 1; i <= kTangents; ++i) {
    for (std::size_t cell = 0; cell < place_.size(); ++cell) {
      place_[cell] += (champion_[cell] - taken_[cell] - place_[cell]) / i;
    }
    for (std::size_t side = 0; side < kSides; ++side) {
      if (SumsOf(SideOf(place_, side)).records <= 0) return false;
    }
    SetTangent(place_, there_);
    if (Survives(there_, r)) return true;
  }
  return false;
}

std::uint64_t Duel::Certify(std::uint64_t at_most) {
  std::uint64_t limit = std::min(at_most, static_cast<std::uint64_t>(records_));
  std::uint64_t proved = std::min(limit, SurvivedChanges(champion_score_, challenger_score_, records_, classes_));
  if (limit - proved <= kNear && Proves(limit)) return limit;
  for (std::uint64_t step = 1; proved < limit; step *= 2) {
    const std::uint64_t next = std::min(limit, proved + step);
    if (!Proves(next)) {
      limit = next - 1;
      break;
    }
    proved = next;
  }
  while (proved < limit) {
    const std::uint64_t middle = proved + (limit - proved + 1) / 2;
    if (Proves(middle)) {
      proved = middle;
    } else {
      limit = middle - 1;
    }
  }
  return proved;
}

}  // namespace

double ScoreOf(Division division) {
  double score = 0;
  for (std::size_t s = 0; s < kSides; ++s) {
    const Sums sums = SumsOf(SideOf(division, s));
    if (sums.records > 0) score += sums.squares / sums.records;
  }
  return score;
}

std::uint64_t SurvivedChanges(double champion, double challenger, double records, std::size_t classes) {
  const double changes = std::floor((champion - challenger - RoundingOf(records, classes)) / 2);
  return changes > 0 ? static_cast<std::uint64_t>(std::min(changes, records)) : 0;
}

std::uint64_t CertifiedRemovals(Division champion, Division challenger, bool nested, std::uint64_t at_most) {
  thread_local Duel duel;
  duel.Start(champion, challenger, nested);
  return duel.Certify(at_most);
}

}  // namespace hedgerow::unlearn
