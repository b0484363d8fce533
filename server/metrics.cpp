#include "server/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace hedgerow::server {
namespace {

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string ToText(const Labels& labels, std::string_view bound = "") {
  std::string text;
  for (const auto& [name, value] : labels)
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, Escape(value));
  if (!bound.empty()) text += fmt::format("{}le=\"{}\"", text.empty() ? "" : ",", bound);
  return text.empty() ? "" : "{" + text + "}";
}

}  // namespace

void Histogram::Observe(double us) {
  const auto bound = std::lower_bound(kBoundsUs.begin(), kBoundsUs.end(), us);
  buckets_[static_cast<std::size_t>(bound - kBoundsUs.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_ns_.fetch_add(static_cast<std::uint64_t>(std::max(us, 0.0) * 1e3), std::memory_order_relaxed);
}

Metrics::Family& Metrics::FamilyOf(std::string name, std::string help, Kind kind) {
  for (Family& family : families_) {
    if (family.name == name) return family;
  }
  Family& family = families_.emplace_back();
  family.name = std::move(name);
  family.help = std::move(help);
  family.kind = kind;
  return family;
}

Counter& Metrics::AddCounter(std::string name, std::string help, Labels labels) {
  const std::lock_guard lock(mutex_);
  Series& series = FamilyOf(std::move(name), std::move(help), Kind::kCounter).series.emplace_back();
  series.labels = std::move(labels);
  series.counter = std::make_unique<Counter>();
  return *series.counter;
}

Histogram& Metrics::AddHistogram(std::string name, std::string help, Labels labels) {
  const std::lock_guard lock(mutex_);
  Series& series = FamilyOf(std::move(name), std::move(help), Kind::kHistogram).series.emplace_back();
  series.labels = std::move(labels);
  series.histogram = std::make_unique<Histogram>();
  return *series.histogram;
}

void Metrics::AddGauges(std::string name, std::string help, std::function<Values()> read) {
  const std::lock_guard lock(mutex_);
  FamilyOf(std::move(name), std::move(help), Kind::kGauge).read = std::move(read);
}

void Metrics::AddGaugeTable(const std::vector<Name>& names, const std::function<Table()>& read) {
  const std::lock_guard lock(mutex_);
  const auto table = std::make_shared<const std::function<Table()>>(read);
  for (std::size_t column = 0; column < names.size(); ++column) {
    Family& family = FamilyOf(names[column].name, names[column].help, Kind::kGauge);
    family.table = table;
    family.column = column;
  }
}

void Metrics::AddCounts(std::string name, std::string help, std::function<Values()> read) {
  const std::lock_guard lock(mutex_);
  FamilyOf(std::move(name), std::move(help), Kind::kCounter).read = std::move(read);
}

void Metrics::RenderHistogram(const Family& family, const Series& series, std::string& text) {
  const Histogram& histogram = *series.histogram;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < Histogram::kBoundsUs.size(); ++i) {
    below += histogram.buckets_[i].load(std::memory_order_relaxed);
    const std::string bound = fmt::format("{:g}", Histogram::kBoundsUs[i] * 1e-6);
    text += fmt::format("{}_bucket{} {}\n", family.name, ToText(series.labels, bound), below);
  }
  below += histogram.buckets_.back().load(std::memory_order_relaxed);
  text += fmt::format("{}_bucket{} {}\n", family.name, ToText(series.labels, "+Inf"), below);
  const double sum_s = static_cast<double>(histogram.sum_ns_.load(std::memory_order_relaxed)) * 1e-9;
  text += fmt::format("{}_sum{} {:g}\n", family.name, ToText(series.labels), sum_s);
  text += fmt::format("{}_count{} {}\n", family.name, ToText(series.labels), below);
}

std::string Metrics::Render() const {
  constexpr std::string_view kKinds[] = {"counter", "gauge", "histogram"};
  const std::lock_guard lock(mutex_);
  std::string text;
  std::map<const std::function<Table()>*, Table> tables;  // that were read for this text
  for (const Family& family : families_) {
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family.name, family.help, family.name,
                        kKinds[static_cast<std::size_t>(family.kind)]);
    for (const Series& series : family.series) {
      if (series.histogram) {
        RenderHistogram(family, series, text);
      } else {
        text += fmt::format("{}{} {}\n", family.name, ToText(series.labels), series.counter->value());
      }
    }
    const auto add = [&](const Labels& labels, double value) {
      text += fmt::format("{}{} {:.15g}\n", family.name, ToText(labels), value);
    };
    if (family.table != nullptr) {
      const auto [table, fresh] = tables.try_emplace(family.table.get());
      if (fresh) table->second = (*family.table)();
      for (const auto& [labels, values] : table->second) add(labels, values[family.column]);
    }
    if (!family.read) continue;
    for (const auto& [labels, value] : family.read()) add(labels, value);
  }
  return text;
}

}  // namespace hedgerow::server
