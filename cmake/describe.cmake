# SPDX-License-Identifier: GPL-3.0-or-later
# Run by version.cmake: writes OUTPUT from `git describe` in SOURCE, or FALLBACK outside a checkout.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --tags
  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(described unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define OAC_VERSION \"${FALLBACK}+${described}\"\n")
