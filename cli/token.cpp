// hedgerow token: a new token, and its line in the token file.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "cli/options.h"
#include "cli/verbs.h"
#include "server/roles.h"

namespace hedgerow::cli {
namespace {

struct TokenOptions {
  std::string roles, name, file;
};

std::string CheckName(const std::string& name) {
  const bool plain =
      !name.empty() &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == std::string::npos;
  return plain ? "" : "letters, digits, '-', '_' and '.' only";
}

// Appends in one write, so that a server that reads the file at this moment sees the line whole or not at all.
bool Append(const std::string& path, const std::string& line) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool written = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  return ::close(file) == 0 && written;
}

int RunToken(const GlobalOptions& global, const TokenOptions& options) {
  const std::string token = server::MakeToken();
  const std::string line = server::TokenLine(*server::ParseRoles(options.roles), token, options.name);
  if (!Append(options.file, line)) {
    return Fail(global, {ErrorCode::kIo, "the line cannot be written", options.file, "check its name and your rights"});
  }
  if (global.json) {
    PrintJson({{"token", token}, {"roles", server::ParseRoles(options.roles)->Names()}, {"file", options.file}});
  } else {
    Print(token + "\n");
  }
  Note(global, "give the token to the client, and SIGHUP to a server that runs; the file holds its hash alone");
  return FinishOutput(global, kDone);
}

}  // namespace

Run SetupToken(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<TokenOptions>();
  app.add_option("--roles", options->roles,
                 "What it is for: predict, erase, learn, audit, operate, with commas; or all")
      ->required()
      ->check([](const std::string& text) {
        return server::ParseRoles(text) ? "" : "must be of predict, erase, learn, audit, operate, with commas; or all";
      })
      ->type_name("ROLES");
  app.add_option("--name", options->name, "Who it is for, a word for the file")
      ->required()
      ->check(CheckName)
      ->type_name("NAME");
  app.add_option("--file", options->file, "Token file, to which a line is added")->required()->type_name("FILE");
  AddJson(app, global);
  AddExamples(app, {"hedgerow token --roles predict --name web-shop --file /etc/hedgerow/tokens"});
  return [options, &global] { return RunToken(global, *options); };
}

}  // namespace hedgerow::cli
