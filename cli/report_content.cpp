#include "cli/report_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "cli/format.h"

namespace hedgerow::cli {
namespace {

constexpr std::size_t kMostLines = 50;

struct Request {
  std::string id, kind, ground, role;
  std::uint64_t records = 0, accepted_us = 0, exact_us = 0, erased_us = 0;  // 0: not yet
  // Of learning nothing is erased.
  bool Pending() const { return kind != "learn" && erased_us == 0; }
};

struct Gathered {
  std::map<std::uint64_t, Request> requests;  // by the number of the update
  std::vector<std::vector<std::string>> verifications, events;
  std::uint64_t different = 0;
};

std::string Day(std::uint64_t time_us) {
  return storage::LogTime(time_us).substr(0, 19) + "Z";
}

void Gather(const storage::LogEntry& entry, const PeriodOptions& period, Gathered& gathered) {
  const std::uint64_t time_us = storage::ParseLogTime(entry.Get("time")).value_or(0);
  const bool in_period = period.Holds(entry.Get("time"));
  const auto text = [&](const char* name) { return std::string(entry.Get(name)); };
  if (entry.type == storage::LogEntryType::kUpdate) {
    const std::uint64_t sequence = entry.Number("sequence");
    if (entry.Get("stage") == "unlearned" && in_period) {
      gathered.requests[sequence] = {text("request"),         text("kind"), text("ground"), text("role"),
                                     entry.Number("records"), time_us};
    } else if (const auto found = gathered.requests.find(sequence); found != gathered.requests.end()) {
      (entry.Get("stage") == "erased" ? found->second.erased_us : found->second.exact_us) = time_us;
    }
  } else if (in_period && entry.type == storage::LogEntryType::kVerified) {
    gathered.different += entry.Get("result") == "equal" ? 0 : 1;
    gathered.verifications.push_back({Day(time_us), text("result"), text("sequence"), text("records")});
  } else if (in_period && entry.type == storage::LogEntryType::kKey) {
    gathered.events.push_back({Day(time_us), "another key signs the log", text("key")});
  } else if (in_period && entry.type == storage::LogEntryType::kRestored) {
    gathered.events.push_back({Day(time_us), fmt::format("restored from a backup (erasures: {})", text("erasures")),
                               fmt::format("from {}", text("from-origin"))});
  } else if (in_period && entry.type == storage::LogEntryType::kStart) {
    gathered.events.push_back({Day(time_us), "the log begins", fmt::format("{} records", text("records"))});
  }
}

ReportSection About(const storage::LogFiles& log, const storage::AuditReport& audit, const PeriodOptions& period,
                    std::uint64_t now_us) {
  ReportSection section{"About this report", {}, {"what", "value"}, {}};
  section.sentences.push_back(
      "All figures are from the transparency log of the store, which names nobody. They can be checked with 'hedgerow "
      "audit verify'. It is evidence for Art. 5(2) GDPR and may be kept with the records of Art. 30.");
  section.lines = {{"period", fmt::format("{} to {}", period.from.empty() ? "the beginning" : period.from,
                                          period.to.empty() ? Day(now_us) : period.to)},
                   {"made", Day(now_us)},
                   {"log", log.checkpoint().origin},
                   {"checkpoint", fmt::format("{} entries, hash {}", log.size(),
                                              storage::ToBase64(storage::BytesOf(log.checkpoint().root)))},
                   {"check of the log", audit.ok() ? "right" : fmt::format("WRONG in {} places", audit.problem_count)},
                   {"compared with the store", audit.with_store ? "yes" : "no: the log alone was at hand"}};
  return section;
}

ReportSection ByGround(const Gathered& gathered) {
  ReportSection section{"Requests by kind, ground and role",
                        {},
                        {"kind", "ground", "role", "requests", "records", "exact", "erased", "pending"},
                        {}};
  std::map<std::vector<std::string>, std::array<std::uint64_t, 5>> sums;
  for (const auto& [sequence, request] : gathered.requests) {
    auto& sum = sums[{request.kind, request.ground, request.role}];
    ++sum[0];
    sum[1] += request.records;
    sum[2] += request.exact_us != 0 ? 1 : 0;
    sum[3] += request.erased_us != 0 ? 1 : 0;
    sum[4] += request.Pending() ? 1 : 0;
  }
  for (const auto& [key, sum] : sums) {
    std::vector<std::string> line = key;
    for (const std::uint64_t number : sum) line.push_back(Thousands(number));
    section.lines.push_back(std::move(line));
  }
  section.sentences.push_back(
      "A request is in the log from the moment in which no prediction depended on its records any more. Grounds are "
      "the "
      "letters of Art. 17(1).");
  return section;
}

ReportSection Times(const Gathered& gathered) {
  ReportSection section{
      "Time to each stage, from acceptance", {}, {"stage", "requests", "median", "p99", "longest"}, {}};
  const auto add = [&](const char* name, std::uint64_t Request::*stage_us) {
    std::vector<double> us;
    for (const auto& [sequence, request] : gathered.requests) {
      if (request.kind == "learn" || request.*stage_us == 0) continue;
      us.push_back(static_cast<double>(std::max(request.*stage_us, request.accepted_us) - request.accepted_us));
    }
    const std::size_t count = us.size();
    const Timings t = Summarise(std::move(us));
    section.lines.push_back({name, Thousands(count), Micros(t.median), Micros(t.p99), Micros(t.max)});
  };
  add("exact", &Request::exact_us);
  add("erased", &Request::erased_us);
  return section;
}

ReportSection Deadline(const Gathered& gathered, std::uint64_t now_us) {
  ReportSection section{"Deadline of Art. 12(3): one month", {}, {"request", "accepted", "deadline", "erased"}, {}};
  std::uint64_t in_time = 0, late = 0, waiting = 0;
  const Request* oldest = nullptr;
  for (const auto& [sequence, request] : gathered.requests) {
    if (request.kind == "learn") continue;
    const std::uint64_t deadline = MonthAfter(request.accepted_us);
    const bool is_late = (request.Pending() ? now_us : request.erased_us) > deadline;
    ++(is_late ? late : request.Pending() ? waiting : in_time);
    if (request.Pending() && (oldest == nullptr || request.accepted_us < oldest->accepted_us)) oldest = &request;
    if (!is_late || section.lines.size() == kMostLines) continue;
    section.lines.push_back(
        {request.id, Day(request.accepted_us), Day(deadline), request.Pending() ? "not yet" : Day(request.erased_us)});
  }
  section.sentences.push_back(fmt::format("Erased in time: {}. Late: {}. Waiting, and in time: {}.", Thousands(in_time),
                                          Thousands(late), Thousands(waiting)));
  section.sentences.push_back(
      "The time runs here from the acceptance by the store. The controller's time runs from the receipt of the "
      "request, "
      "which the store does not know.");
  section.sentences.push_back(oldest == nullptr ? "No request is pending."
                                                : fmt::format("The oldest pending request is {}, accepted {}.",
                                                              oldest->id, Day(oldest->accepted_us)));
  if (section.lines.empty()) section.columns.clear();
  return section;
}

ReportSection Verifications(Gathered& gathered) {
  ReportSection section{"Verifications", {}, {"time", "result", "as of update", "records"}, {}};
  section.sentences.push_back(
      fmt::format("{} times the forest was grown anew from the live records and compared with the one in use; {} times "
                  "they differed.",
                  gathered.verifications.size(), gathered.different));
  const std::size_t skip = gathered.verifications.size() > kMostLines ? gathered.verifications.size() - kMostLines : 0;
  if (skip != 0) section.sentences.push_back(fmt::format("The last {}:", kMostLines));
  section.lines.assign(gathered.verifications.begin() + static_cast<std::ptrdiff_t>(skip),
                       gathered.verifications.end());
  if (section.lines.empty()) section.columns.clear();
  return section;
}

}  // namespace

std::uint64_t MonthAfter(std::uint64_t time_us) {
  using namespace std::chrono;
  const sys_time<microseconds> time{microseconds(time_us)};
  const sys_days day = floor<days>(time);
  year_month_day next = year_month_day(day) + months(1);
  if (!next.ok()) next = next.year() / next.month() / last;
  return static_cast<std::uint64_t>((sys_days(next) + (time - day)).time_since_epoch() / microseconds(1));
}

Result<ReportDocument> MakeReport(const storage::LogFiles& log, const storage::AuditReport& audit,
                                  const PeriodOptions& period, std::uint64_t now_us) {
  Gathered gathered;
  const Status status =
      ForEachEntry(log, [&](std::uint64_t, const storage::LogEntry& entry) { Gather(entry, period, gathered); });
  if (!status) return status.error();
  ReportDocument document{"Erasure report", {}};
  document.sections = {About(log, audit, period, now_us), ByGround(gathered), Times(gathered),
                       Deadline(gathered, now_us), Verifications(gathered)};
  ReportSection failures{"Failures", {}, {}, {}};
  failures.sentences.push_back(
      fmt::format("Verifications that differed: {}. Faults of the log: {}.", gathered.different, audit.problem_count));
  for (const std::string& problem : audit.problems) {
    if (failures.lines.size() < kMostLines) failures.lines.push_back({problem});
  }
  if (!failures.lines.empty()) failures.columns = {"fault"};
  document.sections.push_back(std::move(failures));
  if (!gathered.events.empty())
    document.sections.push_back({"Keys and restorations", {}, {"time", "event", "what"}, gathered.events});
  return document;
}

}  // namespace hedgerow::cli
