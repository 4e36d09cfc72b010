/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/fiber.h"

#include <math.h>

#include "base/constants.h"
#include "base/units.h"
#include "sim/rig.h"

/* 1 ps/(nm km) and 1 ps/(nm^2 km) in SI. */
static const double S_PER_M2 = 1e-6, S_PER_M3 = 1e3, M_PER_KM = 1e3;

struct oac_fiber oac_fiber_from_rig(const struct oac_rig *rig)
{
    double loss_db = rig->fiber.loss_db_per_km * rig->fiber.length_m / M_PER_KM;
    return (struct oac_fiber){
        .length_m = rig->fiber.length_m,
        .transmission = oac_linear_loss_from_db(loss_db + rig->fiber.attenuator_db),
        .center_hz = rig->laser.center_hz,
        .dispersion_s_per_m2 = rig->fiber.dispersion_ps_nm_km * S_PER_M2,
        .slope_s_per_m3 = rig->fiber.slope_ps_nm2_km * S_PER_M3,
        .group_index = rig->fiber.group_index,
    };
}

double oac_fiber_delay_s(const struct oac_fiber *fiber, double frequency_hz)
{
    /* c/nu - c/nu_c without the difference of two wavelengths */
    double dl_m = OAC_LIGHT_SPEED_M_PER_S * (fiber->center_hz - frequency_hz) /
                  (frequency_hz * fiber->center_hz);
    return fiber->length_m * dl_m *
           (fiber->dispersion_s_per_m2 + 0.5 * fiber->slope_s_per_m3 * dl_m);
}

struct oac_fiber_line oac_fiber_line(const struct oac_fiber *fiber, double frequency_hz)
{
    double lambda_m = oac_wavelength_m_from_hz(frequency_hz);
    double offset_m = lambda_m - oac_wavelength_m_from_hz(fiber->center_hz);
    double d = fiber->dispersion_s_per_m2 + fiber->slope_s_per_m3 * offset_m;
    double per_omega = lambda_m * lambda_m / (2.0 * OAC_PI * OAC_LIGHT_SPEED_M_PER_S);
    return (struct oac_fiber_line){
        .beta2_s2_per_m = -d * per_omega,
        .beta3_s3_per_m = per_omega * per_omega * (fiber->slope_s_per_m3 + 2.0 * d / lambda_m),
        .length_m = fiber->length_m,
    };
}

double complex oac_fiber_response(const void *context, double f_hz)
{
    const struct oac_fiber_line *line = context;
    double w = 2.0 * OAC_PI * f_hz;
    double phase_rad =
        w * w * (line->beta2_s2_per_m / 2.0 + line->beta3_s3_per_m / 6.0 * w) * line->length_m;
    return cos(phase_rad) - I * sin(phase_rad);
}

double oac_fiber_latency_s(const struct oac_fiber *fiber)
{
    return fiber->length_m * fiber->group_index / OAC_LIGHT_SPEED_M_PER_S;
}

/* lambda^2 |D| L / c [s^2] */
static double fading_s2(const struct oac_fiber *fiber)
{
    double lambda_m = oac_wavelength_m_from_hz(fiber->center_hz);
    return lambda_m * lambda_m * fabs(fiber->dispersion_s_per_m2) * fiber->length_m /
           OAC_LIGHT_SPEED_M_PER_S;
}

double oac_fiber_fading(const struct oac_fiber *fiber, double modulation_hz)
{
    return fabs(cos(OAC_PI * fading_s2(fiber) * modulation_hz * modulation_hz));
}

double oac_fiber_fading_null_hz(const struct oac_fiber *fiber)
{
    double s2 = fading_s2(fiber);
    return s2 > 0.0 ? sqrt(0.5 / s2) : INFINITY;
}
