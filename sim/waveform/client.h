/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's modulator in the waveform engine: codes of a segment -> drive voltage -> what it does to the light
 * of a wavelength.
 *
 *     a = (V + bias - V_peak - drift)/(4 V_pi,k)     half the arms' phase difference, in turns (field.h)
 * The drive comes timing.skew_s + OAC_SKEW_S late; its noise and jitter are common to all wavelengths, V_pi is
 * each wavelength's own. Units: V, s. Validity: drive.h's and field.h's. */
#ifndef OAC_SIM_WAVEFORM_CLIENT_H
#define OAC_SIM_WAVEFORM_CLIENT_H

#include "sim/waveform/drive.h"
#include "sim/waveform/engine.h"
#include "sim/waveform/field.h"

struct oac_wave_client {
    struct oac_wave_drive drive;
    bool tracking; /* V_pi differs from wavelength to wavelength */
};

struct oac_wave_client_scratch { /* one thread's, for segments up to `slots` */
    float *noise, *jitter; /* (DAC samples, rounded up to 4); NULL while the switch is off */
    float *work;
    struct oac_filter_scratch *filter; /* of S21; NULL: none */
};

enum oac_status oac_wave_client_init(const struct oac_waveform *self,
                                     struct oac_wave_client *client,
                                     struct oac_err *err) OAC_MUST_USE;
void oac_wave_client_fini(struct oac_wave_client *client); /* a zeroed one is fine */

/* Memory of the drive and of the rig's skew [s]. */
double oac_wave_client_memory_s(const struct oac_waveform *self,
                                const struct oac_wave_client *client);

/* volts (samples of the segment) in a window; the slow bias is not in it. */
void oac_wave_client_drive(const struct oac_waveform *self,
                           const struct oac_wave_client *client,
                           const struct oac_wave_window *window,
                           struct oac_wave_client_scratch *scratch, float *volts);

/* The modulator as wavelength k sees it in a window, bias and drift included. Pure. */
struct oac_field_modulator oac_wave_client_modulator(const struct oac_waveform *self,
                                                     const struct oac_wave_window *window,
                                                     size_t k);

/* Makes room for segments of that many slots; on failure what was there is gone. */
enum oac_status oac_wave_client_scratch_fit(const struct oac_waveform *self,
                                            const struct oac_wave_client *client, size_t slots,
                                            struct oac_wave_client_scratch *scratch,
                                            struct oac_err *err) OAC_MUST_USE;
void oac_wave_client_scratch_fini(struct oac_wave_client_scratch *scratch);

#endif
