// What it would cost to encrypt each record under a key of its own, that is destroyed when the record is erased: the
// figures behind the decision in docs/store-format.md not to.
#include <fmt/format.h>
#include <sodium.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "bench/quantiles.h"
#include "bench/report.h"
#include "storage/bytes.h"

namespace hedgerow::bench {
namespace {

constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
// A key seals one value in its life, so the nonce may be the same for all.
constexpr unsigned char kNonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES] = {};
// Record key, slot, and the rest that is not cells.
constexpr std::size_t kIdentityBytes = 16, kRecordBytes = 31;

struct Options {
  std::size_t records = 1'000'000, features = 14;
  bool json = false;
  std::string json_file;
};

unsigned char* Bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

double NanosecondsEach(const Stopwatch& watch, std::size_t count) {
  return watch.Microseconds() * 1e3 / static_cast<double>(count);
}

void Measure(const Options& options, Report& report) {
  const std::size_t body_bytes = kRecordBytes + 4 * options.features;
  const std::string body(body_bytes, 'b'), identity(kIdentityBytes, 'i');
  Row row{{"records", options.records}, {"payload bytes", body_bytes}};

  std::vector<std::string> sealed(options.records), plain(options.records);
  const Stopwatch sealing;
  for (std::string& value : plain) value = storage::Seal(identity, body);
  row["checksum ns"] = NanosecondsEach(sealing, options.records);
  const Stopwatch checking;
  for (const std::string& value : plain) {
    if (!storage::Unseal(identity, value)) std::exit(2);
  }
  row["check ns"] = NanosecondsEach(checking, options.records);

  std::string keys(options.records * kKeyBytes, '\0');
  const Stopwatch encrypting;
  for (std::size_t i = 0; i < options.records; ++i) {
    unsigned char* key = Bytes(keys) + i * kKeyBytes;
    randombytes_buf(key, kKeyBytes);
    sealed[i].resize(body_bytes + kTagBytes);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        Bytes(sealed[i]), nullptr, reinterpret_cast<const unsigned char*>(body.data()), body.size(),
        reinterpret_cast<const unsigned char*>(identity.data()), identity.size(), nullptr, kNonce, key);
  }
  row["encrypt ns"] = NanosecondsEach(encrypting, options.records);

  // Opening meets records in the order of their hashed keys, and so their keys in no order.
  std::vector<std::size_t> order(options.records);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
  std::string opened(body_bytes, '\0');
  const Stopwatch decrypting;
  for (const std::size_t i : order) {
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(Bytes(opened), nullptr, nullptr, Bytes(sealed[i]), sealed[i].size(),
                                                   reinterpret_cast<const unsigned char*>(identity.data()),
                                                   identity.size(), kNonce, Bytes(keys) + i * kKeyBytes) != 0) {
      std::exit(2);
    }
  }
  row["decrypt ns"] = NanosecondsEach(decrypting, options.records);
  row["more bytes in the store"] = kTagBytes - storage::kChecksumBytes;
  row["bytes of keys"] = kKeyBytes + kIdentityBytes;
  report.Add(row);
}

int Run(int argc, char** argv) {
  CLI::App app("What encrypting each record under a key of its own would cost");
  Options options;
  app.add_option("--records", options.records, "records")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--features", options.features, "cells of a record")->capture_default_str();
  app.add_flag("--json", options.json, "one JSON object a row");
  app.add_option("--json-file", options.json_file, "also write the rows to this file, one JSON object a row");
  CLI11_PARSE(app, argc, argv);
  if (sodium_init() < 0) return 2;
  Report report("shredding", {options.json, options.json_file});
  Measure(options, report);
  report.Finish(
      "A record, on one thread. 'checksum' and 'check' are what a store does now, 'encrypt' (with drawing the key) and "
      "'decrypt' XChaCha20-Poly1305. Keys lie by record key in a file of their own.");
  return 0;
}

}  // namespace
}  // namespace hedgerow::bench

int main(int argc, char** argv) {
  return hedgerow::bench::Run(argc, argv);
}
