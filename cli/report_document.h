// A report as sections of sentences and tables, and how it is written: Markdown, or one HTML page that needs nothing
// else.
//
// Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

namespace hedgerow::cli {

struct ReportSection {
  std::string title;
  std::vector<std::string> sentences;
  std::vector<std::string> columns;             // of the table; none: no table
  std::vector<std::vector<std::string>> lines;  // of the table
};

struct ReportDocument {
  std::string title;
  std::vector<ReportSection> sections;
};

std::string ToMarkdown(const ReportDocument& document);
std::string ToHtml(const ReportDocument& document);

}  // namespace hedgerow::cli
