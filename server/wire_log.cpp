// The log's messages (wire.h).
#include "server/wire.h"

namespace hedgerow::server {
namespace {

std::string ToString(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

capnp::Data::Reader ToData(const std::string& bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

std::vector<std::string> ReadTexts(capnp::List<capnp::Text>::Reader from) {
  std::vector<std::string> texts;
  texts.reserve(from.size());
  for (const auto text : from) texts.emplace_back(View(text));
  return texts;
}

void WriteTexts(const std::vector<std::string>& texts, capnp::List<capnp::Text>::Builder to) {
  for (unsigned i = 0; i < to.size(); ++i) to.set(i, ToText(texts[i]));
}

void WriteLogHead(const LogHead& head, wire::LogHead::Builder to) {
  to.setCheckpoint(ToText(head.checkpoint));
  to.setSize(head.size);
  WriteTexts(head.keys, to.initKeys(static_cast<unsigned>(head.keys.size())));
  to.setParameters(ToText(head.parameters));
}

LogHead ReadLogHead(wire::LogHead::Reader from) {
  return {std::string(View(from.getCheckpoint())), from.getSize(), ReadTexts(from.getKeys()),
          std::string(View(from.getParameters()))};
}

void WriteLogPage(const LogPage& page, wire::LogPage::Builder to) {
  to.setSize(page.size);
  auto entries = to.initEntries(static_cast<unsigned>(page.entries.size()));
  for (unsigned i = 0; i < entries.size(); ++i) {
    entries[i].setIndex(page.entries[i].first);
    entries[i].setText(ToText(page.entries[i].second));
  }
}

LogPage ReadLogPage(wire::LogPage::Reader from) {
  LogPage page{{}, from.getSize()};
  page.entries.reserve(from.getEntries().size());
  for (const wire::LogEntry::Reader entry : from.getEntries())
    page.entries.emplace_back(entry.getIndex(), View(entry.getText()));
  return page;
}

void WriteConsistency(const Consistency& consistency, wire::Consistency::Builder to) {
  auto hashes = to.initHashes(static_cast<unsigned>(consistency.hashes.size()));
  for (unsigned i = 0; i < hashes.size(); ++i) hashes.set(i, ToData(consistency.hashes[i]));
  to.setSize(consistency.size);
  to.setCheckpoint(ToText(consistency.checkpoint));
}

Consistency ReadConsistency(wire::Consistency::Reader from) {
  Consistency consistency{{}, from.getSize(), std::string(View(from.getCheckpoint()))};
  for (const capnp::Data::Reader hash : from.getHashes()) consistency.hashes.push_back(ToString(hash));
  return consistency;
}

}  // namespace hedgerow::server
