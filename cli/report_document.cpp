#include "cli/report_document.h"

#include <fmt/format.h>

namespace hedgerow::cli {
namespace {

constexpr std::string_view kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "table{border-collapse:collapse;margin:.5em 0 1.5em}th,td{border:1px solid #bbb;padding:.25em .6em;text-align:left;"
    "overflow-wrap:anywhere}th{background:#eee}h1{font-size:1.6em}h2{font-size:1.2em;margin-top:1.6em}"
    "@media print{body{margin:0}}";

std::string Escaped(const std::string& text, bool html) {
  std::string out;
  for (const char c : text) {
    if (html && c == '<') {
      out += "&lt;";
    } else if (html && c == '>') {
      out += "&gt;";
    } else if (html && c == '&') {
      out += "&amp;";
    } else if (html && c == '"') {
      out += "&quot;";
    } else if (!html && (c == '|' || c == '\\' || c == '*' || c == '_' || c == '`' || c == '<')) {
      (out += '\\') += c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string MarkdownLine(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += fmt::format(" {} |", Escaped(cell, false));
  return line + "\n";
}

std::string HtmlLine(const std::vector<std::string>& cells, const char* tag) {
  std::string line = "<tr>";
  for (const std::string& cell : cells) line += fmt::format("<{}>{}</{}>", tag, Escaped(cell, true), tag);
  return line + "</tr>\n";
}

}  // namespace

std::string ToMarkdown(const ReportDocument& document) {
  std::string text = fmt::format("# {}\n", Escaped(document.title, false));
  for (const ReportSection& section : document.sections) {
    text += fmt::format("\n## {}\n", Escaped(section.title, false));
    for (const std::string& sentence : section.sentences) text += fmt::format("\n{}\n", Escaped(sentence, false));
    if (section.columns.empty()) continue;
    text += fmt::format("\n{}|", MarkdownLine(section.columns));
    for (std::size_t i = 0; i < section.columns.size(); ++i) text += "---|";
    text += "\n";
    for (const std::vector<std::string>& line : section.lines) text += MarkdownLine(line);
  }
  return text;
}

std::string ToHtml(const ReportDocument& document) {
  const std::string title = Escaped(document.title, true);
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<h1>{}</h1>\n",
      title, kStyle, title);
  for (const ReportSection& section : document.sections) {
    text += fmt::format("<h2>{}</h2>\n", Escaped(section.title, true));
    for (const std::string& sentence : section.sentences) text += fmt::format("<p>{}</p>\n", Escaped(sentence, true));
    if (section.columns.empty()) continue;
    text += fmt::format("<table>\n{}", HtmlLine(section.columns, "th"));
    for (const std::vector<std::string>& line : section.lines) text += HtmlLine(line, "td");
    text += "</table>\n";
  }
  return text + "</body>\n</html>\n";
}

}  // namespace hedgerow::cli
