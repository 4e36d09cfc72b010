# SPDX-License-Identifier: GPL-3.0-or-later
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O3 -g -DNDEBUG")

option(OAC_SANITIZE "build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(OAC_TSAN "build with ThreadSanitizer (plain main() tests only)" OFF)
option(OAC_WERROR "treat warnings as errors" OFF)

# Contraction off everywhere (explicit fmaf where wanted); no errno from libm, or its loops do not vectorise.
add_compile_options(-ffp-contract=off -fno-math-errno)
add_compile_definitions(_GNU_SOURCE)
include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)

if(OAC_SANITIZE)
  add_compile_options(-O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(OAC_TSAN)
  add_compile_options(-O1 -fsanitize=thread)
  add_link_options(-fsanitize=thread)
endif()

set(OAC_WARNINGS -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla)
if(OAC_WERROR)
  # maybe-uninitialized guesses, and guesses wrong behind status returns: warn only
  list(APPEND OAC_WARNINGS -Werror -Wno-error=maybe-uninitialized)
endif()

# oac_layer(NAME sub/dirs... LINK libs...): static library oac_NAME of all *.c of this folder and of the
# named folders below it.
function(oac_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FOLDERS;LINK")
  file(GLOB sources CONFIGURE_DEPENDS *.c)
  foreach(folder ${arg_FOLDERS})
    file(GLOB more CONFIGURE_DEPENDS ${folder}/*.c)
    list(APPEND sources ${more})
  endforeach()
  if(NOT sources) # a folder that waits for its first file
    add_library(oac_${name} INTERFACE)
    target_link_libraries(oac_${name} INTERFACE ${arg_LINK})
    return()
  endif()
  add_library(oac_${name} STATIC ${sources})
  target_compile_options(oac_${name} PRIVATE ${OAC_WARNINGS} -Wconversion)
  target_link_libraries(oac_${name} PUBLIC ${arg_LINK})
endfunction()
