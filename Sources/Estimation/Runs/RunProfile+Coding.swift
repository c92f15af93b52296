extension RunProfile {
    /// Names the form of the content, so that a profile of an older form is told from a damaged one.
    private static let form = "runs 2"

    /// The profile as the content of a file of kind `runs`.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(Self.form)
        writer.put(name)
        writer.put(models)
        writer.put(reference)
        recall.write(to: &writer)
        writer.put(startMix)
        writer.put(progress.encoded())
        writer.put(similarity.encoded())
        writer.put(similarityMix)
        embedder.write(to: &writer)
        predictor.write(to: &writer)
        writer.put(usual)
        writer.put(cosine)
        writer.put(distance?.encoded() ?? [])
        writer.put(remainingUSD)
        writer.put(sight)
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        guard try reader.string() == Self.form else {
            throw ByteReader.Failure(
                reason: "it holds a profile of runs in a form of another version of hera; train it anew with hera train"
            )
        }
        name = try reader.string()
        models = try reader.strings()
        reference = try reader.integer()
        recall = try TaskRecall(&reader)
        startMix = try reader.array(Float.self)
        progress = try PanelProfile.nested(try reader.array(UInt8.self))
        similarity = try PanelProfile.nested(try reader.array(UInt8.self))
        similarityMix = try reader.array(Float.self)
        embedder = try StepEmbedder(&reader)
        predictor = try OutputPredictor(&reader)
        usual = try reader.array(Float.self)
        cosine = try reader.array(Double.self)
        let distances = try reader.array(UInt8.self)
        distance = distances.isEmpty ? nil : try PanelProfile.nested(distances)
        remainingUSD = try reader.array(Float.self)
        sight = try reader.float()
        let isWhole =
            reference < models.count && similarity.models == models && progress.models.count == 1
            && progress.countFeatures == RunCounts.count + 3
            && similarity.countFeatures == SurfaceCounts.count + models.count
            && recall.base.count == 2 * models.count && startMix.count == 2 + models.count && similarityMix.count == 4
            && predictor.models == models.count && predictor.features == Self.stateFeatures
            && usual.count == models.count * models.count && cosine.count == PairReading.count
            && remainingUSD.count == models.count * Self.horizon
        let distanceFits =
            distance.map {
                $0.models.count == StepDistance.classes && $0.countFeatures == PairReading.distanceCount
            } ?? true
        guard isWhole, distanceFits else {
            throw ByteReader.Failure(reason: "the parts of a profile of runs do not fit together")
        }
    }

    /// Numbers in `state`.
    static let stateFeatures = 3 * StepEmbedder.dimensions + RunText.count + SurfaceCounts.count
}
