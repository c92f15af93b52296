import Domain
import Estimation

/// The points that stand best for all others.
enum Medoids {
    /// The medoids of clusters made by k-means++ (Arthur, Vassilvitskii 2007) and eight of Lloyd's iterations.
    /// - Returns: `count` different places, rising. There must be at least as many points.
    static func choose(_ points: [[Float]], count: Int, seed: UInt64) -> [Int] {
        var random = SeededGenerator(seed: seed)
        func distance(_ a: [Float], _ b: [Float]) -> Float {
            zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        var centres = [points[Int(random.next() % UInt64(points.count))]]
        var nearest = points.map { distance($0, centres[0]) }
        while centres.count < count {
            var rest = random.unit() * Double(nearest.reduce(0, +))
            let next = nearest.indices.first { index in
                rest -= Double(nearest[index])
                return rest <= 0
            }
            centres.append(points[next ?? 0])
            for index in points.indices {
                nearest[index] = min(nearest[index], distance(points[index], centres[centres.count - 1]))
            }
        }
        var owner = [Int](repeating: 0, count: points.count)
        for _ in 0..<8 {
            for index in points.indices {
                owner[index] =
                    centres.indices.min { distance(points[index], centres[$0]) < distance(points[index], centres[$1]) }
                    ?? 0
            }
            for centre in centres.indices {
                let members = points.indices.filter { owner[$0] == centre }
                if members.isEmpty { continue }
                centres[centre] = centres[centre].indices.map { column in
                    members.reduce(0) { $0 + points[$1][column] } / Float(members.count)
                }
            }
        }
        var chosen: Set<Int> = []
        for centre in centres {
            let medoid = points.indices.filter { !chosen.contains($0) }
                .min { distance(points[$0], centre) < distance(points[$1], centre) }
            if let medoid { chosen.insert(medoid) }
        }
        return chosen.sorted()
    }
}
