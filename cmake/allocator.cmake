# mimalloc instead of the C library's malloc, for programs. That one puts the small blocks that were freed in order all at
# once from time to time, in the middle of somebody's call: for 4 ms with a forest of a million records
# (docs/unlearning.md, "Memory that is freed"). Libraries leave the choice to the program that links them, and sanitizers
# bring their own.
add_library(hedgerow_allocator INTERFACE)
if(NOT HEDGEROW_SANITIZE AND NOT HEDGEROW_FUZZ)
  find_package(mimalloc REQUIRED)
  # The program itself calls nothing of it, so the linker would leave it out.
  target_link_options(hedgerow_allocator INTERFACE LINKER:--push-state,--no-as-needed,-lmimalloc,--pop-state)
endif()
