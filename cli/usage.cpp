#include "cli/usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "datasets/text.h"

namespace hedgerow::cli {
namespace {

std::vector<std::string> VerbsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(verb->get_name());
  return names;
}

std::vector<std::string> OptionsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string SortedLetters(std::string word) {
  std::sort(word.begin(), word.end());
  return word;
}

// Like datasets::Suggestion, and it forgives swapped letters ("trian"), which count as two mistakes there.
std::string Suggest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string suggestion = datasets::Suggestion(word, candidates);
  for (const std::string& candidate : candidates) {
    if (suggestion.empty() && SortedLetters(candidate) == SortedLetters(word)) {
      suggestion = fmt::format("did you mean '{}'?", candidate);
    }
  }
  return suggestion;
}

std::string Join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Error MakeError(const std::string& message, const std::string& place, const std::string& remedy) {
  return {ErrorCode::kUsage, message, place, remedy};
}

Error UnknownOption(const CLI::App& app, const std::string& path, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  const std::string suggestion = Suggest(name, OptionsOf(app));
  return MakeError(fmt::format("there is no option '{}'", name), path,
                   suggestion.empty() ? path + " --help tells what there is" : suggestion);
}

// No verb, or one that does not exist. `path` is how the command line began: "hedgerow" or "hedgerow schema".
Error WrongVerb(const CLI::App& app, const std::string& path, const std::vector<std::string>& rest) {
  const auto verb =
      std::find_if(rest.begin(), rest.end(), [](const std::string& word) { return !word.starts_with("-"); });
  const std::vector<std::string> verbs = VerbsOf(app);
  const std::string choice = fmt::format("choose one of {}; {} --help tells more", Join(verbs), path);
  if (verb == rest.end()) {
    std::vector<std::string> known = OptionsOf(app);
    for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
      for (std::string& name : OptionsOf(*below)) known.push_back(std::move(name));  // right, but for a verb before it
    }
    for (const std::string& word : rest) {
      if (std::find(known.begin(), known.end(), word) == known.end()) return UnknownOption(app, path, word);
    }
    return MakeError("a verb is missing", path, choice);
  }
  const std::string suggestion = Suggest(*verb, verbs);
  return MakeError(fmt::format("there is no verb '{}'", *verb), path, suggestion.empty() ? choice : suggestion);
}

// What CLI11's message means; it knows of no values here, as every check writes its own text.
std::string Translate(std::string what) {
  const auto replace = [&](const std::string& from, const std::string& to) {
    if (const std::size_t at = what.find(from); at != std::string::npos) what.replace(at, what.size() - at, to);
  };
  if (const std::size_t at = what.find(" excludes "); at != std::string::npos) {
    return what.substr(0, at) + " cannot be used together with " + what.substr(at + 10);
  }
  replace(": At Most 1 required", " was given more than once");
  replace(": 1 required ", ": its value is missing");
  if (what.starts_with("Could not convert: ")) {
    const std::string name = what.substr(19, what.find(' ', 19) - 19);
    return name + ": the value cannot be read";
  }
  return what;
}

}  // namespace

Error UsageError(const CLI::App& app, const std::vector<std::string>& arguments, const std::string& what) {
  const CLI::App* verb = &app;
  std::string path = "hedgerow";
  std::vector<std::string> rest = arguments;
  while (!verb->get_subcommands().empty()) {
    verb = verb->get_subcommands().front();
    path += " " + verb->get_name();
    const auto at = std::find(rest.begin(), rest.end(), verb->get_name());
    if (at != rest.end()) rest.erase(rest.begin(), at + 1);
  }
  if (!VerbsOf(*verb).empty()) return WrongVerb(*verb, path, rest);
  const std::string help = path + " --help tells what there is";
  const std::vector<std::string> extras = app.remaining(true);
  for (const std::string& extra : extras) {
    if (extra.starts_with("-")) return UnknownOption(*verb, path, extra);
  }
  if (!extras.empty()) {
    return MakeError(extras.size() == 1 ? "an argument is left over" : "arguments are left over", path,
                     "an option takes one value unless its help says more; " + help);
  }
  return MakeError(Translate(what), path, help);
}

}  // namespace hedgerow::cli
