// exp, log, pow, tanh, erf, sin, … whose results have the same bits on every CPU.
//
// libm's do not: glibc 2.36 picks variants with or without fused multiply-add by CPU (x86-64) or
// architecture, which changes the last bit of one double exp() in 1,400, of some log10() and, in
// float, of some tanh() (docs/cross-building.md). Whatever is frozen into a model, compared or
// printed in a report uses these. They are built of IEEE additions, multiplications and divisions
// in a fixed order and need -ffp-contract=off, which the whole tree is built with. sqrt, rounding,
// frexp and ldexp are exact by IEEE 754 and may come from libm.
#pragma once

namespace plumb {

// Within 1 ulp of the true value; NaN, infinities, overflow and underflow as std::exp.
double PortableExp(double x);
// Within 6 ulp; NaN, infinities and −0 as std::tanh.
double PortableTanh(double x);
// Within 4 ulp; NaN, infinities, zero (−infinity) and negative numbers (NaN) as std::log10.
double PortableLog10(double x);
// Likewise, as std::log.
double PortableLog(double x);
// Exact for whole |y| ≤ 64 where every partial product is; otherwise within 2^-50 · (1 + |y · ln
// x|) of the true value, relatively. Special values as std::pow.
double PortablePow(double x, double y);
// Within 4 ulp; NaN and infinities as std::atan.
double PortableAtan(double x);
// Within 16 ulp; ends as std::atanh, std::erf.
double PortableAtanh(double x);
double PortableErf(double x);
// Within 2^-50 for |x| ≤ 10^6, beyond within |x| · 2^-53; NaN at infinities.
double PortableSin(double x);
double PortableCos(double x);

// The double results rounded once.
float PortableExp(float x);
float PortableTanh(float x);

}  // namespace plumb
