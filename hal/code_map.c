/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/code_map.h"

#include <math.h>

#include "base/constants.h"

/* A half period of the curve: between V_peak + j V_pi and V_peak + (j+1) V_pi. */
struct half_period {
    double null_v, peak_v;
    double score; /* covered part of the swing; near V_peak and rising wins among equals */
};

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double opening_at(const struct oac_curve *curve, double v_v)
{
    double c = cos(0.5 * OAC_PI * (v_v - curve->vpeak_v) / curve->vpi_v);
    return c * c;
}

/* u of an opening, and back. */
static double raised(const struct oac_code_map *map, double a)
{
    return map->amplitude ? 0.5 * (1.0 + a) : a;
}

static double lowered(const struct oac_code_map *map, double u)
{
    return map->amplitude ? 2.0 * u - 1.0 : u;
}

static struct half_period half_period(const struct oac_curve *curve, double j, double low_v,
                                      double high_v)
{
    double from_v = curve->vpeak_v + j * curve->vpi_v, to_v = from_v + curve->vpi_v;
    bool rising = fmod(fabs(j), 2.0) == 1.0; /* ends in a peak */
    double covered_from = clamp(from_v, low_v, high_v), covered_to = clamp(to_v, low_v, high_v);
    return (struct half_period){
        .null_v = rising ? from_v : to_v,
        .peak_v = rising ? to_v : from_v,
        .score = fabs(opening_at(curve, covered_to) - opening_at(curve, covered_from)) -
                 1e-6 * fabs(j + 0.6),
    };
}

static struct half_period best_half_period(const struct oac_curve *curve, double low_v,
                                           double high_v)
{
    double j = floor((low_v - curve->vpeak_v) / curve->vpi_v);
    double last = floor((high_v - curve->vpeak_v) / curve->vpi_v);
    struct half_period best = half_period(curve, j, low_v, high_v);
    for (j += 1.0; j <= last; j += 1.0) {
        struct half_period other = half_period(curve, j, low_v, high_v);
        if (other.score > best.score)
            best = other;
    }
    return best;
}

static enum oac_status check(const struct oac_port *port, const struct oac_curve *curve,
                             const char *what, struct oac_err *err)
{
    if (!(curve->vpi_v > 0.0 && curve->vpi_v < 1e6) || !isfinite(curve->vpeak_v) ||
        !(curve->r == -1.0 || (curve->r >= 0.0 && curve->r < 1.0)))
        return oac_fail(
            err, OAC_EINVAL,
            "the calibration of %s is unusable: vpi %g V, vpeak %g V, r %g; needed are vpi "
            "above 0, a finite vpeak and r in [0, 1), or -1 on a subcarrier",
            what, curve->vpi_v, curve->vpeak_v, curve->r);
    if (!(port->code_min >= 0 && port->code_max <= UINT16_MAX &&
          port->code_min < port->code_max) ||
        !isfinite(port->v0_v) || !(fabs(port->lsb_v) > 0.0 && isfinite(port->lsb_v)))
        return oac_fail(
            err, OAC_EINVAL,
            "the converter of %s is unusable: codes %d..%d, %g V + %g V per code; needed are "
            "two codes or more within 0..65535 and a step that is not 0 V",
            what, (int)port->code_min, (int)port->code_max, port->v0_v, port->lsb_v);
    if (!(OAC_PI * fabs(port->lsb_v) / curve->vpi_v <= 0.5 * OAC_PI))
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "the converter of %s is too coarse: its step of %g V is more than half of V_pi = "
            "%g V; use more bits or a smaller full scale",
            what, fabs(port->lsb_v), curve->vpi_v);
    return OAC_OK;
}

enum oac_status oac_code_map_init(struct oac_code_map *map, const struct oac_port *port,
                                  const struct oac_curve *curve, const char *what,
                                  struct oac_err *err)
{
    if (check(port, curve, what, err))
        return err->status;
    double a_v = port->v0_v + port->lsb_v * port->code_min;
    double b_v = port->v0_v + port->lsb_v * port->code_max;
    struct half_period half = best_half_period(curve, fmin(a_v, b_v), fmax(a_v, b_v));
    double null_code = (half.null_v - port->v0_v) / port->lsb_v;
    double peak_code = (half.peak_v - port->v0_v) / port->lsb_v;
    double first = clamp(nearbyint(null_code), port->code_min, port->code_max);
    double last = clamp(nearbyint(peak_code), port->code_min, port->code_max);
    int32_t step = peak_code > null_code ? 1 : -1;
    if (first == last)
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "the converter of %s cannot swing it: %g V .. %g V holds one code of any half "
            "period of V_pi = %g V around %g V",
            what, fmin(a_v, b_v), fmax(a_v, b_v), curve->vpi_v, curve->vpeak_v);
    *map = (struct oac_code_map){
        .first = (int32_t)first,
        .step = step,
        .count = (uint32_t)(fabs(last - first) + 1.0),
        .h_rad = OAC_PI * fabs(port->lsb_v) / curve->vpi_v,
        .phase = (first - null_code) * step,
        .v0_v = port->v0_v,
        .lsb_v = port->lsb_v,
        .curve = *curve,
        .amplitude = curve->r == -1.0,
    };
    if (map->amplitude)
        map->curve.r = 0.0;
    return OAC_OK;
}

uint16_t oac_code_map_code(const struct oac_code_map *map, double u, bool *missed)
{
    double stretch = 1.0 / cos(0.5 * map->h_rad);
    u = raised(map, u);
    double near = u < 0.5 ? u : 1.0 - u; /* half the angle from the nearer extremum */
    double z = clamp(clamp(near, 0.0, 1.0) * stretch - 0.5 * (stretch - 1.0), 0.0, 1.0);
    double theta = 2.0 * asin(sqrt(z));
    double index = (u < 0.5 ? theta : OAC_PI - theta) / map->h_rad - map->phase;
    double last = (double)map->count - 1.0;
    if (missed && !(index >= -1.0 && index <= last + 1.0))
        *missed = true;
    return (uint16_t)(map->first + map->step * (int32_t)(clamp(index, 0.0, last) + 0.5));
}

double oac_code_map_opening(const struct oac_code_map *map, uint16_t code)
{
    return lowered(map, opening_at(&map->curve, map->v0_v + map->lsb_v * code));
}

void oac_code_map_reach(const struct oac_code_map *map, double *low, double *high)
{
    double from = clamp((map->phase - 1.0) * map->h_rad, 0.0, OAC_PI);
    double to = clamp((map->phase + map->count) * map->h_rad, 0.0, OAC_PI);
    *low = clamp(lowered(map, 0.5 * (1.0 - cos(from))), 0.0, 1.0);
    *high = clamp(lowered(map, 0.5 * (1.0 - cos(to))), 0.0, 1.0);
}

/* acos(a)/sqrt(1-a) on 0..1: own Remez fit of degree 6, 1.6e-7; an opening is then good to 8e-8 before
 * rounding. */
static const double acos_series[OAC_CODE_SERIES] = {
    1.5707961727107107,   -0.214585269418567,   0.08875566968487503,  -0.048802611815769684,
    0.026900099439076734, -0.01114635767806844, 0.0022960135350235805};

/* Up to 11 bits, the openings of two codes are further apart than single precision resolves around 1. */
#define BRIEF_CODES 2048u

void oac_code_map_encoding(const struct oac_code_map *map, double gain, double bias,
                           double ceiling, struct oac_code_encoding *encoding)
{
    double stretch = 1.0 / cos(0.5 * map->h_rad);
    double bottom = map->first - map->step * map->phase + 0.5;
    double top = bottom + map->step * OAC_PI / map->h_rad;
    double per_code = map->step * 2.0 / map->h_rad; /* and half of it per radian of acos */
    int32_t past = map->first + map->step * (int32_t)(map->count - 1);
    int32_t code_min = map->first < past ? map->first : past;
    int32_t code_max = map->first < past ? past : map->first;
    ceiling = raised(map, ceiling);
    bias = raised(map, bias);
    gain = map->amplitude ? 0.5 * gain : gain;
    *encoding = (struct oac_code_encoding){
        .gain = (float)gain,
        .bias = (float)bias,
        .ceiling = (float)ceiling,
        .stretch = (float)stretch,
        .shrink = (float)(0.5 * (stretch - 1.0)),
        .per_code = (float)per_code,
        .bottom = (float)bottom,
        .top = (float)top,
        .code_min = code_min,
        .code_max = code_max,
        .reaches_ends =
            fmin(bottom, top) > code_min + 0.02 && fmax(bottom, top) < code_max + 0.98,
        .brief = map->h_rad >= OAC_PI / BRIEF_CODES,
        .gain_v = (float)(2.0 * stretch * gain),
        .bias_v = (float)(stretch * (1.0 - 2.0 * bias)),
        .lowest_v = (float)(stretch * (1.0 - 2.0 * ceiling)),
        .highest_v = (float)stretch,
        .middle = (float)(0.5 * (bottom + top)),
        .quarter = (float)(0.25 * per_code * OAC_PI),
    };
    for (int i = 0; i < OAC_CODE_SERIES; i++)
        encoding->series[i] = (float)(0.5 * per_code * acos_series[i]);
}
