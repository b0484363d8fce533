// What a model is, on the wire (wire.h).
#include <cstring>

#include "server/wire.h"

namespace hedgerow::server {

namespace {

unsigned Size(std::size_t size) {
  return static_cast<unsigned>(size);
}

}  // namespace

void WriteModelInfo(const ModelInfo& info, wire::ModelInfo::Builder to) {
  const datasets::Schema& schema = info.model.schema;
  to.setStore(ToText(info.store));
  to.setName(ToText(schema.name));
  auto features = to.initFeatures(Size(schema.features.size()));
  for (unsigned i = 0; i < features.size(); ++i) {
    features[i].setName(ToText(schema.features[i].name));
    features[i].setType(schema.features[i].type == datasets::FeatureType::kNumeric ? wire::Feature::Type::NUMERIC
                                                                                   : wire::Feature::Type::CATEGORICAL);
  }
  auto classes = to.initClasses(Size(schema.classes.size()));
  for (unsigned i = 0; i < classes.size(); ++i) classes.set(i, ToText(schema.classes[i]));
  to.setLabel(ToText(schema.label));
  to.setIdColumn(ToText(schema.id));
  to.setSubjectColumn(ToText(schema.subject));
  const forest::Parameters& p = info.model.parameters;
  auto parameters = to.initParameters();
  parameters.setSeed(p.seed);
  parameters.setTrees(p.trees);
  parameters.setOccupancy(p.occupancy);
  parameters.setMaxDepth(p.max_depth);
  parameters.setMinSplit(p.min_split);
  parameters.setMinLeaf(p.min_leaf);
  parameters.setMaxFeatures(p.max_features);
  parameters.setThresholds(p.thresholds);
  parameters.setSmoothing(p.smoothing);
  to.setCategoryKey({info.model.key.bytes.data(), info.model.key.bytes.size()});
  to.setSequence(info.sequence);
}

Result<ModelInfo> ReadModelInfo(wire::ModelInfo::Reader from) {
  ModelInfo info;
  info.store = View(from.getStore());
  datasets::Schema& schema = info.model.schema;
  schema.name = View(from.getName());
  for (const wire::Feature::Reader feature : from.getFeatures()) {
    const bool numeric = feature.getType() == wire::Feature::Type::NUMERIC;
    schema.features.push_back({std::string(View(feature.getName())),
                               numeric ? datasets::FeatureType::kNumeric : datasets::FeatureType::kCategorical});
  }
  for (const capnp::Text::Reader name : from.getClasses()) schema.classes.emplace_back(View(name));
  schema.label = View(from.getLabel());
  schema.id = View(from.getIdColumn());
  schema.subject = View(from.getSubjectColumn());
  const auto p = from.getParameters();
  info.model.parameters = {.seed = p.getSeed(),
                           .trees = p.getTrees(),
                           .occupancy = p.getOccupancy(),
                           .max_depth = p.getMaxDepth(),
                           .min_split = p.getMinSplit(),
                           .min_leaf = p.getMinLeaf(),
                           .max_features = p.getMaxFeatures(),
                           .thresholds = p.getThresholds(),
                           .smoothing = p.getSmoothing()};
  info.sequence = from.getSequence();
  const capnp::Data::Reader key = from.getCategoryKey();
  if (key.size() != info.model.key.bytes.size() || schema.features.empty() || schema.classes.size() < 2) {
    return Error{ErrorCode::kUnreachable, "the server describes its model in a way that is not understood", "",
                 "use a client of the server's version"};
  }
  std::memcpy(info.model.key.bytes.data(), key.begin(), key.size());
  return info;
}

}  // namespace hedgerow::server
