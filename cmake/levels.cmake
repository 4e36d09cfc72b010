# SPDX-License-Identifier: GPL-3.0-or-later
# Code that decides speed is plain C in a *_impl.h, compiled once per processor level; base/kernel.h picks
# the level at run time. oac_per_level(TARGET folder/name) compiles folder/name_impl.h as name_LEVEL.c with
# OAC_LEVEL set to the level's name; an impl header gives its symbols that suffix (OAC_AT_LEVEL).
# -fno-trapping-math changes no result: it lets gcc vectorise comparisons and selections.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(OAC_LEVELS v1 v3 v4)
  set(OAC_LEVEL_FLAGS_v1 -march=x86-64)
  set(OAC_LEVEL_FLAGS_v3 -march=x86-64-v3)
  set(OAC_LEVEL_FLAGS_v4 -march=x86-64-v4 -mprefer-vector-width=512)
  add_compile_definitions(OAC_LEVELS_X86)
else()
  set(OAC_LEVELS native)
endif()

# The fuzzer watches a protocol: there the kernels go uninstrumented, or clang takes minutes over them.
if(OAC_FUZZ)
  set(level_flags -fno-sanitize=all)
endif()

function(oac_per_level target impl)
  get_filename_component(name ${impl} NAME)
  foreach(level ${OAC_LEVELS})
    set(file ${CMAKE_CURRENT_BINARY_DIR}/${name}_${level}.c)
    file(CONFIGURE OUTPUT ${file} CONTENT
      "#define OAC_LEVEL ${level}\n#include \"${impl}_impl.h\"\n")
    target_sources(${target} PRIVATE ${file})
    set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS
      "${OAC_LEVEL_FLAGS_${level}};-O3;-fno-trapping-math;-Wno-conversion;-Wno-vla;${level_flags}")
  endforeach()
endfunction()
