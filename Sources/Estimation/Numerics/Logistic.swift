#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// 1 / (1 + exp(-x)).
@inline(__always)
package func logistic(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

/// 1 / (1 + exp(-x)).
@inline(__always)
package func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// The inverse of `logistic`, with p kept a little off 0 and 1.
package func logit(_ p: Double) -> Double {
    let p = min(max(p, 1e-4), 1 - 1e-4)
    return log(p / (1 - p))
}

/// log(1 + exp(x)) without overflow.
@inline(__always)
package func softplus(_ x: Float) -> Float { max(x, 0) + log1p(exp(-abs(x))) }
