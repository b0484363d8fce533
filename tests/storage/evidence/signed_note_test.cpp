// Proves that notes, keys and checkpoints are those of C2SP's signed-note and tlog-checkpoint: with the example of Go's
// package note, from which the format comes, the form of the specifications' examples, and every byte changed once.
#include "storage/evidence/signed_note.h"

#include <gtest/gtest.h>

#include "storage/bytes.h"

namespace hedgerow::storage {
namespace {

constexpr const char* kPeter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr const char* kPeterSecret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr const char* kNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

TEST(SignedNoteTest, TheExampleOfGo) {
  const auto key = ParseNoteKey(kPeter);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "PeterNeumann");
  EXPECT_EQ(ToHex(key->Id()), "c74f20a3");
  const auto signer = NoteSigner::Parse(kPeterSecret);
  ASSERT_TRUE(signer);
  EXPECT_EQ(signer->key(), *key);
  EXPECT_EQ(signer->ToText(), kPeterSecret);
  const auto note = ParseNote(kNote);
  ASSERT_TRUE(note);
  EXPECT_EQ(SignersOf(*note, {*key})->size(), 1U);
  SignedNote again{note->text, {}};
  SignNote(*signer, again);
  EXPECT_EQ(again.ToText(), kNote) << "Ed25519 signatures are deterministic";
}

// The public key of Go's checksum database, as it stands in every Go toolchain.
TEST(SignedNoteTest, AKeyThatManyKnow) {
  const auto key = ParseNoteKey("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "sum.golang.org");
}

TEST(SignedNoteTest, EveryChangedByteIsFound) {
  const std::string note = kNote;
  const std::vector<NoteKey> keys = {*ParseNoteKey(kPeter)};
  for (std::size_t i = 0; i < note.size(); ++i) {
    for (const int flip : {1, 2, 0x20, 0x80}) {
      std::string changed = note;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      const auto parsed = ParseNote(changed);
      const auto signers = parsed ? SignersOf(*parsed, keys) : std::nullopt;
      EXPECT_FALSE(signers && !signers->empty()) << i << " " << flip;
    }
  }
}

TEST(SignedNoteTest, SignaturesOfOthersArePassedOver) {
  const NoteSigner ours = NoteSigner::Make("example.com/log"), other = NoteSigner::Make("example.com/log");
  SignedNote note{"text\n\nwith an empty line\n", {}};
  SignNote(other, note);
  SignNote(ours, note);
  const auto parsed = ParseNote(note.ToText());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->text, note.text);
  EXPECT_EQ(*SignersOf(*parsed, {ours.key()}), std::vector<NoteKey>{ours.key()});
  EXPECT_TRUE(SignersOf(*parsed, {NoteSigner::Make("example.com/log").key()})->empty());
  EXPECT_EQ(SignersOf(*parsed, {ours.key(), other.key()})->size(), 2U);
  // A signature that claims to be ours and is not spoils the note.
  SignedNote forged = note;
  forged.signatures[1].bytes.back() = static_cast<char>(forged.signatures[1].bytes.back() ^ 1);
  EXPECT_FALSE(SignersOf(forged, {ours.key()}));
}

TEST(SignedNoteTest, WhatIsNoNote) {
  for (const char* const bytes :
       {"", "\n", "text\n", "text\n\n", "text\n\n\xe2\x80\x94 name AAAAAAA=", "text\n\n- name AAAAAAA=\n",
        "te\txt\n\n\xe2\x80\x94 name AAAAAAA=\n", "te\xfft\n\n\xe2\x80\x94 name AAAAAAA=\n",
        "text\n\n\xe2\x80\x94  AAAAAAA=\n", "text\n\n\xe2\x80\x94 a+b AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 name AAAAAA==\n", "text\n\n\xe2\x80\x94 name AAAAAAB=\n",
        "text\n\n\xe2\x80\x94 na\xe2\x80\x83me AAAAAAA=\n"}) {
    EXPECT_FALSE(ParseNote(bytes)) << bytes;
  }
  EXPECT_TRUE(ParseNote("text\n\n\xe2\x80\x94 name AAAAAAA=\n"));
  EXPECT_TRUE(ParseNote("\n\n\xe2\x80\x94 n\xc3\xa4me AAAAAAA=\n")) << "a text may be one empty line";
}

TEST(SignedNoteTest, WhatIsNoKey) {
  const std::string good = kPeter;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(ParseNoteKey(changed)) << i;
  }
  EXPECT_FALSE(ParseNoteKey(good + "\n"));
  EXPECT_FALSE(NoteSigner::Parse(kPeter));
  EXPECT_FALSE(ValidKeyName(""));
  EXPECT_FALSE(ValidKeyName("a b"));
  EXPECT_FALSE(ValidKeyName("a+b"));
  EXPECT_TRUE(ValidKeyName("example.com/log42"));
}

TEST(CheckpointTest, TheFormOfTheSpecification) {
  const std::string text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  const auto checkpoint = ParseCheckpoint(text);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->size, 20'852'163U);
  EXPECT_EQ(checkpoint->ToText(), text);
  const auto note =
      ParseNote(text +
                "\n\xe2\x80\x94 example.com/behind-the-sofa "
                "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n");
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, text);
  EXPECT_TRUE(ParseCheckpoint("o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"));
  for (const char* const wrong : {"", "\n1\n", "o\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
                                  "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nmore\n",
                                  "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "o\n1\n47DEQpj8HBSa\n"}) {
    EXPECT_FALSE(ParseCheckpoint(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace hedgerow::storage
