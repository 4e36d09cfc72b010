/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real numbers to codes and back, for one modulator driven by one converter.
 *
 * The opening u in [0,1] is the transmission between its extremes, u = (T - r)/(1 - r):
 *     u(V) = sin^2(theta/2),  theta = pi |V - V_null|/V_pi
 * on the half period between a null and a peak that the converter covers best. Its codes are numbered by
 * rising u, i = 0 .. count-1: code = first + step i, theta_i = (phase + i) h, h = pi |lsb_v|/V_pi.
 *
 * Nearest code *in transmission*: the midpoint of two neighbours is
 *     (cos theta_i + cos theta_(i+1))/2 = cos((theta_i + theta_(i+1))/2) cos(h/2),
 * so dividing 1 - 2u by cos(h/2) before the arc cosine moves every midpoint onto the middle between two
 * indices, and rounding acos((1 - 2u)/cos(h/2))/h - phase gives the nearest code in closed form, with no
 * table and for any number of bits.
 *
 * On a subcarrier (curve.r = -1) the opening is the amplitude a = 2u - 1 in [0,1]: the same map
 * with u = (1 + a)/2,
 * whose codes begin where the port's do, at rest. The map's own curve then has r = 0.
 *
 * Validity: h <= pi/2 (three codes per half period). A converter that does not reach null or peak plays
 * its nearest end. In oac_code_encoding's single precision a 16-bit converter may take the other of two
 * neighbours whose distances differ by less than 3 % of their step. */
#ifndef OAC_HAL_CODE_MAP_H
#define OAC_HAL_CODE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/calrec.h"
#include "hal/code_kernel.h"
#include "hal/link.h"

struct oac_code_map {
    int32_t first, step; /* step is 1 or -1 */
    uint32_t count;
    double h_rad, phase;
    double v0_v, lsb_v;
    struct oac_curve curve;
    bool amplitude; /* on a subcarrier */
};

/* `what` names the modulator in messages ("the client modulator"). */
enum oac_status oac_code_map_init(struct oac_code_map *map, const struct oac_port *port,
                                  const struct oac_curve *curve, const char *what,
                                  struct oac_err *err) OAC_MUST_USE;

/* The code nearest in transmission to opening u (clamped to [0,1]). Pure. *missed (may be NULL) is set to
 * true, never to false, when the converter's range ends more than one code before u. */
uint16_t oac_code_map_code(const struct oac_code_map *map, double u, bool *missed);

/* The opening that a code plays. Pure. */
double oac_code_map_opening(const struct oac_code_map *map, uint16_t code);

/* Openings of the lowest and highest code, each extended by one code and clamped to [0,1]: what counts as
 * within reach. */
void oac_code_map_reach(const struct oac_code_map *map, double *low, double *high);

/* The same map for the kernel: opening u = x gain + bias, at most ceiling. */
void oac_code_map_encoding(const struct oac_code_map *map, double gain, double bias,
                           double ceiling, struct oac_code_encoding *encoding);

#endif
