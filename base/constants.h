/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Physical constants, CODATA 2018 (exact since the 2019 redefinition of the SI; NIST SP 961). */
#ifndef OAC_BASE_CONSTANTS_H
#define OAC_BASE_CONSTANTS_H

#define OAC_ELEMENTARY_CHARGE_C 1.602176634e-19
#define OAC_PLANCK_J_S          6.62607015e-34
#define OAC_BOLTZMANN_J_PER_K   1.380649e-23
#define OAC_LIGHT_SPEED_M_PER_S 299792458.0
#define OAC_PI                  3.14159265358979323846

#endif
