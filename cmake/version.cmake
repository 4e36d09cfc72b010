# SPDX-License-Identifier: GPL-3.0-or-later
# generated/oac_version.h holds `git describe`, refreshed at every build, rewritten only when it changed.
add_custom_target(oac_version ALL
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DOUTPUT=${CMAKE_BINARY_DIR}/generated/oac_version.h
          -DFALLBACK=${PROJECT_VERSION} -P ${CMAKE_SOURCE_DIR}/cmake/describe.cmake
  BYPRODUCTS ${CMAKE_BINARY_DIR}/generated/oac_version.h)
