// Thousands of clients, in processes of their own, so that their sockets do not count against the server's descriptors.
//
// Thread rule: one thread; to be made before the process has others, since it forks.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace hedgerow::server {

class Crowd {
 public:
  // So many clients of a unix socket, of which a process has at most `each`.
  Crowd(std::string path, std::size_t clients, std::size_t each);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Lets all of them connect, say this and wait for the first bytes of an answer. How many got one.
  std::size_t Come(const std::string& said);
  // Hangs up all of them.
  void Go();

 private:
  struct Child {
    pid_t process = 0;
    int pipe = -1;
  };
  std::vector<Child> children_;
};

}  // namespace hedgerow::server
