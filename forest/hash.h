// The model's only source of randomness: hashes of where a thing stands (docs/model.md, "Hashing").
//
// No generator is carried along, so nothing depends on the order in which work is done. These functions are
// part of the model's definition: never change them.
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>

namespace hedgerow::forest {

constexpr std::uint64_t Mix64(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// A bijection of 32-bit words, cheap in vector registers.
constexpr std::uint32_t Mix32(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x21f0aaadU;
  x ^= x >> 15;
  x *= 0x735a2d97U;
  return x ^ (x >> 15);
}

constexpr std::uint64_t Hash(std::uint64_t a, std::uint64_t b) {
  return Mix64(a + 0x9e3779b97f4a7c15ULL * (b + 1));
}

template <class... Rest>
constexpr std::uint64_t Hash(std::uint64_t a, std::uint64_t b, std::uint64_t c, Rest... rest) {
  return Hash(Hash(a, b), c, rest...);
}

// What a hash is for: the second argument of Hash.
inline constexpr std::uint64_t kOccupancyWord = 1;
inline constexpr std::uint64_t kRecordTag = 2;
inline constexpr std::uint64_t kTreeKey = 3;
inline constexpr std::uint64_t kLeftChild = 4;
inline constexpr std::uint64_t kRightChild = 5;
inline constexpr std::uint64_t kAttributeOrder = 6;
inline constexpr std::uint64_t kAnchorWord = 7;

constexpr std::uint32_t RecordTag(std::uint64_t seed, std::uint64_t id) {
  return static_cast<std::uint32_t>(Hash(seed, kRecordTag, id));
}
constexpr std::uint64_t RootKey(std::uint64_t seed, std::uint64_t tree) {
  return Hash(seed, kTreeKey, tree);
}
constexpr std::uint64_t ChildKey(std::uint64_t key, bool right) {
  return Hash(key, right ? kRightChild : kLeftChild);
}
constexpr std::uint32_t NodeWord(std::uint64_t key) {
  return static_cast<std::uint32_t>(key >> 32);
}
constexpr std::uint32_t AnchorWord(std::uint64_t key, std::uint64_t anchor) {
  return static_cast<std::uint32_t>(Hash(key, kAnchorWord, anchor));
}
constexpr std::uint64_t AttributeWord(std::uint64_t key, std::uint64_t attribute) {
  return Hash(key, kAttributeOrder, attribute);
}

}  // namespace hedgerow::forest
