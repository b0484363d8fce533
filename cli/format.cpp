#include "cli/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hedgerow::cli {

std::string Thousands(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string Count(std::uint64_t number, std::string_view singular) {
  return fmt::format("{} {}{}", Thousands(number), singular, number == 1 ? "" : "s");
}

std::string Micros(double us) {
  if (us < 10) return fmt::format("{:.1f} us", us);
  if (us < 1'000) return fmt::format("{:.0f} us", us);
  if (us < 1'000'000) return fmt::format("{:.1f} ms", us / 1'000);
  return fmt::format("{:.1f} s", us / 1'000'000);
}

std::string Bytes(std::uint64_t bytes) {
  if (bytes < 1024) return Count(bytes, "byte");
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string Align(const Rows& rows) {
  std::size_t width = 0;
  for (const auto& [name, value] : rows) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : rows) text += fmt::format("  {:<{}}  {}\n", name, width, value);
  return text;
}

std::string List(const std::vector<std::string>& items) {
  constexpr std::size_t kShown = 10;
  const std::size_t shown = items.size() <= kShown + 1 ? items.size() : kShown;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == items.size();
    text += (i == 0 ? "" : last ? " and " : ", ") + items[i];
  }
  if (shown < items.size()) text += fmt::format(" and {} more", Thousands(items.size() - shown));
  return text;
}

Timings Summarise(std::vector<double> us) {
  if (us.empty()) return {};
  std::sort(us.begin(), us.end());
  // The smallest value that at least this share of the values does not exceed.
  const auto quantile = [&](double share) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(us.size())));
    return us[std::max<std::size_t>(rank, 1) - 1];
  };
  return {quantile(0.5), quantile(0.99), us.back()};
}

std::string ToString(const Timings& timings) {
  return fmt::format("median {}, p99 {}, max {}", Micros(timings.median), Micros(timings.p99), Micros(timings.max));
}

}  // namespace hedgerow::cli
