// Counters, gauges and histograms, and their text form for Prometheus (exposition format 0.0.4).
//
// Thread rule: counting is lock-free and may be done from any thread. Metrics are added before others use them, and
// live as long as the registry; gauges are read while the text is made.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hedgerow::server {

class Counter {
 public:
  void Add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// How often a duration fell into which range, from 10 us to 60 s.
class Histogram {
 public:
  static constexpr std::array kBoundsUs = {10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3,
                                           10e3, 25e3, 50e3, 100e3, 250e3, 500e3, 1e6, 5e6,   60e6};
  void Observe(double us);

 private:
  friend class Metrics;
  std::array<std::atomic<std::uint64_t>, kBoundsUs.size() + 1> buckets_{};
  std::atomic<std::uint64_t> sum_ns_ = 0;
};

// Name and value, in order.
using Labels = std::vector<std::pair<std::string, std::string>>;

class Metrics {
 public:
  // Metrics of one name have the same help, and different labels.
  Counter& AddCounter(std::string name, std::string help, Labels labels = {});
  Histogram& AddHistogram(std::string name, std::string help, Labels labels = {});
  // One family of values that are read when the text is made: labels to value.
  using Values = std::vector<std::pair<Labels, double>>;
  void AddGauges(std::string name, std::string help, std::function<Values()> read);
  // Several families that come from one reading, which is made once a text: labels to a value a family.
  struct Name {
    std::string name, help;
  };
  using Table = std::vector<std::pair<Labels, std::vector<double>>>;
  void AddGaugeTable(const std::vector<Name>& names, const std::function<Table()>& read);
  // The same for counts that only grow.
  void AddCounts(std::string name, std::string help, std::function<Values()> read);

  std::string Render() const;

 private:
  enum class Kind : std::uint8_t { kCounter, kGauge, kHistogram };
  struct Series {
    Labels labels;
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Histogram> histogram;
  };
  struct Family {
    std::string name, help;
    Kind kind = Kind::kCounter;
    std::deque<Series> series;
    std::function<Values()> read;
    // Of a table: the reading that the family shares with those before it, and its column.
    std::shared_ptr<const std::function<Table()>> table;
    std::size_t column = 0;
  };
  Family& FamilyOf(std::string name, std::string help, Kind kind);
  static void RenderHistogram(const Family& family, const Series& series, std::string& text);

  mutable std::mutex mutex_;
  std::deque<Family> families_;  // guarded by mutex_
};

}  // namespace hedgerow::server
