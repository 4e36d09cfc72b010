/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is legal in a rig and probably not meant. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/units.h"
#include "sim/components/amplifier.h"
#include "sim/components/detector.h"
#include "sim/components/fiber.h"
#include "sim/components/laser.h"
#include "sim/components/mzm.h"
#include "sim/components/receiver.h"
#include "sim/rig.h"
#include "sim/rig_warnings_wave.h"

/* Mean light of a window of one rail of MNIST, relative to full: mean x is 0.13, mean weight up to 0.25. */
static const double MNIST_FILL = 0.03;

struct audience {
    void (*say)(void *context, const char *line);
    void *context;
};

static void tell(const struct audience *to, const char *format, ...) OAC_PRINTF(2, 3);

static void tell(const struct audience *to, const char *format, ...)
{
    char line[300];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    to->say(to->context, line);
}

/* Electrons per second before avalanche gain of one channel with both modulators at their peaks. */
static double full_light_per_s(const struct oac_rig *rig)
{
    struct oac_fiber fiber = oac_fiber_from_rig(rig);
    struct oac_amplifier amplifier = oac_amplifier_from_rig(rig);
    double loss_db =
        rig->weight_modulator.il_db + rig->client_modulator.il_db + rig->demux.il_db;
    return oac_watts_from_dbm(rig->laser.power_dbm) * oac_linear_loss_from_db(loss_db) *
           fiber.transmission * amplifier.gain *
           oac_detector_electrons_per_joule(rig->detector.quantum_efficiency,
                                            rig->laser.center_hz);
}

static void warn_slots(const struct oac_rig *rig, const struct audience *to)
{
    struct oac_fiber fiber = oac_fiber_from_rig(rig);
    struct oac_laser laser = oac_laser_from_rig(rig);
    double first_s = oac_fiber_delay_s(&fiber, oac_laser_frequency_hz(&laser, 0));
    double last_s =
        oac_fiber_delay_s(&fiber, oac_laser_frequency_hz(&laser, laser.channels - 1));
    double walkoff = fabs(first_s - last_s) * rig->slot_rate_hz;
    if (!rig->fiber.precompensate && walkoff > 0.1)
        tell(to, "walk-off of %.3g slots between the outer channels is not precompensated",
             walkoff);
    double null_hz = oac_fiber_fading_null_hz(&fiber);
    if (null_hz < rig->slot_rate_hz)
        tell(to,
             "dispersion fades modulation at %.3g Hz, below %g slots/s: sim neglects it, wave "
             "does not",
             null_hz, rig->slot_rate_hz);
}

static void warn_receiver(const struct oac_rig *rig, const struct audience *to)
{
    double rate_per_s = full_light_per_s(rig);
    double busy = rate_per_s * rig->detector.dead_time_s;
    if (rig->receiver.kind == OAC_RECEIVER_COUNTER) {
        if (busy > 0.1)
            tell(
                to,
                "at full light the dead time of %g s blinds the detector %.2g of the time: use "
                "less light per second (longer slots, more attenuation)",
                rig->detector.dead_time_s, busy / (1.0 + busy));
        return;
    }
    struct oac_receiver_figures figures =
        oac_receiver_figures(rig, (double)rig->slots_max / rig->slot_rate_hz);
    double adc_v = rig->adc.min_v + rig->adc.full_scale_v;
    if (adc_v > rig->receiver.saturation_v * (1.0 + 1e-9))
        tell(to, "the receiver saturates at %g V, below the ADC's %g V",
             rig->receiver.saturation_v, adc_v);
    double gain = rig->detector.kind == OAC_DETECTOR_APD ? rig->detector.gain : 1.0;
    double full_v = rate_per_s / rig->slot_rate_hz * gain * figures.volts_per_electron;
    double limit_v = fmin(adc_v, rig->receiver.saturation_v);
    if (MNIST_FILL * (double)rig->slots_max * full_v > limit_v)
        tell(to,
             "%" PRId64 " slots at %g %% of full light reach %.3g V, the receiver ends at %g V",
             rig->slots_max, 100.0 * MNIST_FILL, MNIST_FILL * (double)rig->slots_max * full_v,
             limit_v);
}

void oac_rig_warnings(const struct oac_rig *rig, void (*say)(void *context, const char *line),
                      void *context)
{
    struct audience to = {say, context};
    oac_rig_warnings_wave(rig, say, context);
    warn_slots(rig, &to);
    warn_receiver(rig, &to);
    if (rig->channels > 1 && rig->laser.grid_hz > 0.0 && rig->laser.grid_hz < 100e9)
        tell(&to,
             "laser.grid_hz %g: beats between channels closer than 100 GHz are not modelled",
             rig->laser.grid_hz);
}
