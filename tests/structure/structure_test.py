"""Proves the shape of the source tree: structure_test.py REPOSITORY [unittest's arguments].

Includes point one way (datasets <- forest <- unlearn <- storage <- server <- cli); a library is talked to from the files
that are meant to; computation knows neither files nor clocks; and each source is listed in its folder's CMakeLists.txt.
The checks are functions of a directory. They are run on the repository, and on made-up trees with one fault each, to show
that they find it. Python's standard library only.
"""

import os
import re
import sys
import tempfile
import unittest

# A folder may include itself and what stands to the left of it.
LAYERS = ["datasets", "forest", "unlearn", "storage", "server", "cli"]

# Headers, and the files or folders (with a final slash) that may include them.
LIBRARIES = [
    (r"rocksdb/", ["storage/database.cpp", "storage/database_impl.h", "storage/database_open.cpp"]),
    (r"(tbb|oneapi)/", ["forest/tbb_executor.cpp"]),
    (r"sodium(\.h|/)", ["datasets/", "forest/", "storage/", "server/", "cli/options.cpp"]),
    (r"CLI/", ["cli/"]),
    (r"nlohmann/", ["datasets/", "server/", "cli/"]),
    (r"(boost|capnp|kj)/", ["server/", "cli/"]),
    (r"(gtest|gmock|benchmark)/", []),
]

# Computation has no input, no output and no clock.
PURE = ["forest/", "unlearn/"]
IMPURE_HEADERS = r"(iostream|fstream|istream|ostream|filesystem|chrono|ctime|time\.h|sys/.*|unistd\.h|fcntl\.h)$"
CLOCKS = r"\b(steady_clock|system_clock|high_resolution_clock|clock_gettime|gettimeofday|std::time|random_device|getenv)\b"

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def sources(root):
    """Paths of the product's sources and headers, relative to the root."""
    for layer in LAYERS:
        for folder, _, names in os.walk(os.path.join(root, layer)):
            for name in sorted(names):
                if name.endswith((".h", ".cpp", ".cc", ".hpp")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def includes(root, path):
    return INCLUDE.findall(read(os.path.join(root, path)))


def allowed(path, places):
    return any(path.startswith(place) if place.endswith("/") else path == place for place in places)


def direction_faults(root):
    """Includes of the project's own headers: from the root, of files that are there, and from right to left only."""
    for path in sources(root):
        layer = LAYERS.index(path.split(os.sep)[0])
        for bracket, target in includes(root, path):
            first = target.split("/")[0]
            if bracket == "<" and first not in LAYERS + ["tests", "bench"]:
                continue
            if first not in LAYERS:
                yield f"{path} includes \"{target}\", which is no header of the product"
            elif bracket == "<":
                yield f"{path} includes <{target}> with angle brackets"
            elif LAYERS.index(first) > layer:
                yield f"{path} includes {target} from a folder above its own"
            elif not os.path.exists(os.path.join(root, target)) and not target.endswith(".capnp.h"):
                yield f"{path} includes {target}, which is not there"


def library_faults(root):
    for path in sources(root):
        for _, target in includes(root, path):
            for pattern, places in LIBRARIES:
                if re.match(pattern, target) and not allowed(path, places):
                    yield f"{path} includes {target}, which only {', '.join(places) or 'tests'} may"


def purity_faults(root):
    for path in sources(root):
        if not allowed(path, PURE):
            continue
        for _, target in includes(root, path):
            if re.match(IMPURE_HEADERS, target):
                yield f"{path} includes {target}"
        code = re.sub(r"//.*", "", read(os.path.join(root, path)))
        for word in re.findall(CLOCKS, code):
            yield f"{path} uses {word}"


def link_faults(root):
    """Libraries of the project that are linked in the wrong direction."""
    for layer in LAYERS:
        path = os.path.join(root, layer, "CMakeLists.txt")
        if not os.path.exists(path):
            continue
        for target in re.findall(r"\bhedgerow_(\w+)", re.sub(r"#.*", "", read(path))):
            if target in LAYERS and LAYERS.index(target) > LAYERS.index(layer):
                yield f"{layer}/CMakeLists.txt names hedgerow_{target}"


def listing_faults(root):
    """Sources that no CMakeLists.txt of their folder lists, listed files that are not there, and globbing."""
    for layer in LAYERS:
        if not os.path.isdir(os.path.join(root, layer)):
            continue
        path = os.path.join(root, layer, "CMakeLists.txt")
        if not os.path.exists(path):
            yield f"{layer} has no CMakeLists.txt"
            continue
        text = re.sub(r"#.*", "", read(path))
        if re.search(r"\bGLOB(_RECURSE)?\b", text):
            yield f"{layer}/CMakeLists.txt globs"
        listed = set(re.findall(r"[\w./-]+\.cpp\b", text))
        present = {os.path.relpath(source, layer) for source in sources(root)
                   if source.split(os.sep)[0] == layer and source.endswith(".cpp")}
        for name in sorted(present - listed):
            yield f"{layer}/{name} is not listed in {layer}/CMakeLists.txt"
        for name in sorted(listed - present):
            yield f"{layer}/CMakeLists.txt lists {name}, which is not there"


def header_faults(root):
    """Headers that may be included twice."""
    for path in sources(root):
        if path.endswith(".h") and "#pragma once" not in read(os.path.join(root, path)):
            yield f"{path} has no #pragma once"


CHECKS = [direction_faults, library_faults, purity_faults, link_faults, listing_faults, header_faults]


class RepositoryTest(unittest.TestCase):
    root = None

    def test_there_is_something_to_check(self):
        paths = list(sources(self.root))
        self.assertGreater(len(paths), 50)
        self.assertIn("storage/database.cpp", paths)
        self.assertGreater(sum(len(includes(self.root, path)) for path in paths), 300)

    def test_the_repository(self):
        for check in CHECKS:
            with self.subTest(check=check.__name__):
                self.assertEqual(list(check(self.root)), [])


class MadeUpTest(unittest.TestCase):
    """Each check finds the fault that it is for, and nothing in a tree without faults."""

    GOOD = {
        "datasets/a.h": "#pragma once\n#include <string>\n",
        "datasets/a.cpp": "#include \"datasets/a.h\"\n#include <sodium.h>\n",
        "datasets/CMakeLists.txt": "add_library(hedgerow_datasets a.cpp)\n",
        "forest/b.h": "#pragma once\n// steady_clock is not for us\n#include \"datasets/a.h\"\n",
        "forest/b.cpp": "#include \"forest/b.h\"\n",
        "forest/CMakeLists.txt": "add_library(hedgerow_forest\n  b.cpp)\ntarget_link_libraries(hedgerow_forest hedgerow_datasets)\n",
        "storage/database.cpp": "#include <rocksdb/db.h>\n#include \"forest/b.h\"\n#include <filesystem>\n",
        "storage/CMakeLists.txt": "add_library(hedgerow_storage database.cpp)  # not other.cpp\n",
        "cli/main.cpp": "#include <CLI/CLI.hpp>\n#include <chrono>\n  #  include \"datasets/a.h\"\n",
        "cli/CMakeLists.txt": "add_executable(hedgerow main.cpp)\n",
        "tests/x.cpp": "#include \"cli/anything.h\"\n",
    }

    def faults(self, check, changes=()):
        with tempfile.TemporaryDirectory() as root:
            for name, content in {**self.GOOD, **dict(changes)}.items():
                path = os.path.join(root, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(content)
            return list(check(root))

    def expect(self, check, word, changes):
        faults = self.faults(check, changes)
        self.assertEqual(len(faults), 1, faults)
        self.assertIn(word, faults[0])

    def test_no_fault(self):
        for check in CHECKS:
            self.assertEqual(self.faults(check), [], check.__name__)

    def test_an_include_from_above(self):
        for include in ('#include "forest/b.h"\n', '\t# include "forest/b.h"\n', '// why\n#include"forest/b.h"\n'):
            self.expect(direction_faults, "datasets/a.h includes forest/b.h", {"datasets/a.h": "#pragma once\n" + include})
        self.expect(direction_faults, "forest/deep/c.cpp", {"forest/deep/c.cpp": '#include "storage/x.h"\n', "storage/x.h": ""})

    def test_an_include_of_tests_or_by_neighbourhood(self):
        self.expect(direction_faults, "tests/x.h", {"cli/main.cpp": '#include "tests/x.h"\n'})
        self.expect(direction_faults, "no header of the product", {"forest/b.cpp": '#include "b.h"\n'})
        self.expect(direction_faults, "angle brackets", {"forest/b.cpp": "#include <forest/b.h>\n"})
        self.expect(direction_faults, "not there", {"forest/b.cpp": '#include "forest/absent.h"\n'})

    def test_a_library_where_it_does_not_belong(self):
        for name, header in (("storage/store.cpp", "rocksdb/options.h"), ("forest/b.cpp", "tbb/parallel_for.h"),
                             ("cli/main.cpp", "sodium.h"), ("forest/b.cpp", "nlohmann/json.hpp"), ("storage/x.h", "CLI/CLI.hpp"),
                             ("unlearn/x.cpp", "sodium.h"), ("datasets/a.cpp", "gtest/gtest.h"), ("storage/x.h", "kj/async.h")):
            self.expect(library_faults, f"{name} includes {header}", {name: f"#include <{header}>\n"})

    def test_input_output_and_clocks(self):
        for header in ("iostream", "fstream", "filesystem", "chrono", "sys/stat.h", "unistd.h"):
            self.expect(purity_faults, header, {"forest/b.cpp": f"#include <{header}>\n"})
            self.expect(purity_faults, header, {"unlearn/c.h": f"#include <{header}>\n"})
        self.expect(purity_faults, "steady_clock", {"forest/b.cpp": "auto t = std::chrono::steady_clock::now();\n"})
        self.expect(purity_faults, "random_device", {"unlearn/c.cpp": "std::random_device device;\n"})

    def test_links_from_above(self):
        self.expect(link_faults, "hedgerow_storage", {"forest/CMakeLists.txt": "add_library(hedgerow_forest b.cpp)\n"
                                                      "target_link_libraries(hedgerow_forest hedgerow_storage)\n"})

    def test_listing(self):
        self.expect(listing_faults, "forest/c.cpp is not listed", {"forest/c.cpp": ""})
        self.expect(listing_faults, "storage/other.cpp is not listed", {"storage/other.cpp": ""})
        self.expect(listing_faults, "lists c.cpp", {"cli/CMakeLists.txt": "add_executable(hedgerow main.cpp c.cpp)\n"})
        self.expect(listing_faults, "has no CMakeLists.txt", {"unlearn/c.cpp": ""})
        self.expect(listing_faults, "globs", {"cli/CMakeLists.txt": "file(GLOB x *.cc)\nadd_executable(hedgerow main.cpp)\n"})

    def test_headers(self):
        self.expect(header_faults, "forest/b.h", {"forest/b.h": "#include <string>\n"})


def main():
    if len(sys.argv) < 2 or not os.path.isdir(sys.argv[1]):
        sys.exit("usage: structure_test.py REPOSITORY [unittest's arguments]")
    RepositoryTest.root = sys.argv[1]
    unittest.main(argv=["structure_test.py"] + sys.argv[2:])


if __name__ == "__main__":
    main()
