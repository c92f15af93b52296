extension RunProfile {
    /// The profile as the content of a file of kind `runs`.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(name)
        writer.put(models)
        writer.put(reference)
        writer.put(progress.encoded())
        writer.put(similarity.encoded())
        writer.put(distance?.encoded() ?? [])
        writer.put(remainingUSD)
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        name = try reader.string()
        models = try reader.strings()
        reference = try reader.integer()
        progress = try Self.panel(try reader.array(UInt8.self))
        similarity = try Self.panel(try reader.array(UInt8.self))
        let distances = try reader.array(UInt8.self)
        distance = distances.isEmpty ? nil : try Self.panel(distances)
        remainingUSD = try reader.array(Float.self)
        guard reference < models.count, similarity.models == models, progress.models.count == 1,
            progress.countFeatures == RunCounts.count + 3,
            similarity.countFeatures == SurfaceCounts.count + models.count,
            distance.map({ $0.models.count == StepDistance.classes && $0.countFeatures == 7 }) ?? true,
            remainingUSD.count == models.count * Self.horizon
        else { throw ByteReader.Failure(reason: "the parts of a profile of runs do not fit together") }
    }

    private static func panel(_ bytes: [UInt8]) throws(ByteReader.Failure) -> PanelProfile {
        let outcome: Result<PanelProfile, ByteReader.Failure> = bytes.withUnsafeBytes { raw in
            do throws(ByteReader.Failure) {
                var reader = ByteReader(raw)
                return .success(try PanelProfile(&reader))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
