# What `cmake --install` puts where: the program, and a CMake package with two targets for other programs.
#   hedgerow::engine   the model and its store, in one's own process
#   hedgerow::client   a client of a server
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

add_library(hedgerow_engine INTERFACE)
target_link_libraries(hedgerow_engine INTERFACE hedgerow_storage)
set(HEDGEROW_PARTS options datasets forest unlearn storage engine client)
foreach(part IN LISTS HEDGEROW_PARTS)
  set_target_properties(hedgerow_${part} PROPERTIES EXPORT_NAME ${part})
  list(APPEND HEDGEROW_TARGETS hedgerow_${part})
endforeach()

install(TARGETS hedgerow RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS ${HEDGEROW_TARGETS} EXPORT hedgerow ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(folder datasets forest unlearn storage)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hedgerow FILES_MATCHING PATTERN "*.h")
endforeach()
install(FILES server/client.h server/log_info.h server/model_info.h server/prediction.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hedgerow/server)
install(FILES server/hedgerow.capnp DESTINATION ${CMAKE_INSTALL_DATADIR}/hedgerow)

set(HEDGEROW_PACKAGE ${CMAKE_INSTALL_LIBDIR}/cmake/hedgerow)
configure_package_config_file(cmake/hedgerow-config.cmake.in ${PROJECT_BINARY_DIR}/hedgerow-config.cmake
                              INSTALL_DESTINATION ${HEDGEROW_PACKAGE})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/hedgerow-config-version.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT hedgerow NAMESPACE hedgerow:: FILE hedgerow-targets.cmake DESTINATION ${HEDGEROW_PACKAGE})
install(FILES ${PROJECT_BINARY_DIR}/hedgerow-config.cmake ${PROJECT_BINARY_DIR}/hedgerow-config-version.cmake
        DESTINATION ${HEDGEROW_PACKAGE})
