"""Names that pickles of well-known libraries import, one set a library: classes that hold data, plain functions.

A library moves its classes from module to module over the years; their names stay. So a name counts below the package
that has it, whatever the module.
"""

from __future__ import annotations


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


SKLEARN = _set(
    """
    ARDRegression AbsoluteError AdaBoostClassifier AdaBoostRegressor AdamOptimizer AdditiveChi2Sampler
    AffinityPropagation AgglomerationTransform AgglomerativeClustering ArrayAPILossMixin BaggingClassifier
    BaggingRegressor BallTree BallTree32 BallTree64 BaseBagging BaseCrossValidator BaseDecisionTree BaseEnsemble
    BaseEstimator BaseForest BaseGradientBoosting BaseGraphicalLasso BaseHistGradientBoosting BaseLabelPropagation
    BaseLibSVM BaseLink BaseLoss BaseMixture BaseMultilayerPerceptron BaseOptimizer BaseRandomProjection BaseSGD
    BaseSGDClassifier BaseSGDRegressor BaseSVC BaseSearchCV BaseShuffleSplit BaseSpectral BaseSuccessiveHalving
    BaseThresholdClassifier BaseWeightBoosting BayesianGaussianMixture BayesianRidge BernoulliNB BernoulliRBM
    BestFirstTreeBuilder BestSparseSplitter BestSplitter BiclusterMixin Binarizer BinaryCrossEntropy BinaryTree
    BinaryTree32 BinaryTree64 BinomialDeviance Birch BisectingKMeans Bunch CCA CalibratedClassifierCV
    CalibrationDisplay CategoricalCrossEntropy CategoricalEncoder CategoricalNB ClassNamePrefixFeaturesOutMixin
    ClassicalMDS Classification ClassificationCriterion ClassifierChain ClassifierMixin ClassifierTags ClusterMixin
    ColumnTransformer ComplementNB CompoundKernel ConstantKernel ContainerAdapterProtocol ContainerAdaptersManager
    CountVectorizer Criterion CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss
    CyHalfMultinomialLoss CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity
    CyHuberLoss CyLossFunction CyPinballLoss DBSCAN DPGMM DecisionTreeClassifier DecisionTreeRegressor
    DensePartitioner DensityMixin DepthFirstTreeBuilder DictVectorizer DictionaryLearning
    DiscriminantAnalysisPredictionMixin DotProduct DummyClassifier DummyRegressor ElasticNet ElasticNetCV
    EllipticEnvelope EmpiricalCovariance EmptyRequest Entropy EpsilonInsensitive ExpSineSquared ExponentialLoss
    Exponentiation ExtraTreeClassifier ExtraTreeRegressor ExtraTreesClassifier ExtraTreesRegressor FactorAnalysis
    FastICA FeatureAgglomeration FeatureHasher FeatureUnion FixedThresholdClassifier ForestClassifier
    ForestRegressor FriedmanMSE FrozenEstimator FunctionTransformer GMM GammaRegressor GaussianMixture GaussianNB
    GaussianProcess GaussianProcessClassifier GaussianProcessRegressor GaussianRandomProjection GenericKernelMixin
    GenericUnivariateSelect Gini GradientBoostingClassifier GradientBoostingRegressor GraphicalLasso
    GraphicalLassoCV GridSearchCV GroupKFold GroupShuffleSplit GroupsConsumerMixin HDBSCAN HalfBinomialLoss
    HalfBinomialLossArrayAPI HalfGammaLoss HalfLogitLink HalfMultinomialLoss HalfMultinomialLossArrayAPI
    HalfPoissonLoss HalfPoissonLossArrayAPI HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity
    HalvingGridSearchCV HalvingRandomSearchCV HashingVectorizer Hinge HistGradientBoostingClassifier
    HistGradientBoostingRegressor HistogramBuilder Huber HuberLoss HuberLossFunction HuberRegressor Hyperparameter
    IdentityLink Imputer IncrementalPCA InputTags Interval IsolationForest Isomap IsotonicRegression
    IterativeImputer KBinsDiscretizer KDTree KDTree32 KDTree64 KFold KMeans KNNImputer KNeighborsClassifier
    KNeighborsMixin KNeighborsRegressor KNeighborsTransformer Kernel KernelCenterer KernelDensity KernelOperator
    KernelPCA KernelRidge LDA LSHForest LabelBinarizer LabelEncoder LabelPropagation LabelSpreading Lars LarsCV
    Lasso LassoCV LassoLars LassoLarsCV LassoLarsIC LatentDirichletAllocation LeastAbsoluteError LeastSquares
    LeastSquaresError LeaveOneGroupOut LeaveOneOut LeavePGroupsOut LeavePOut LedoitWolf LinearClassifierMixin
    LinearDiscriminantAnalysis LinearModel LinearModelCV LinearModelLoss LinearRegression LinearSVC LinearSVR
    LocalOutlierFactor LocallyLinearEmbedding Log LogLink LogOddsEstimator LogisticRegression LogisticRegressionCV
    LogitLink LossFunction MAE MDS MLPClassifier MLPRegressor MSE Matern MaxAbsScaler MeanEstimator MeanShift
    MetaEstimatorMixin MetadataRequest MetadataRouter MethodMapping MethodMetadataRequest MethodPair MinCovDet
    MinMaxScaler MiniBatchDictionaryLearning MiniBatchKMeans MiniBatchNMF MiniBatchSparsePCA MissingIndicator
    ModifiedHuber MonotonicConstraint MultiLabelBinarizer MultiOutputClassifier MultiOutputLinearModel
    MultiOutputMixin MultiOutputRegressor MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso MultiTaskLassoCV
    MultinomialDeviance MultinomialLogit MultinomialNB NMF NearestCentroid NearestNeighbors
    NeighborhoodComponentsAnalysis NeighborsBase NeighborsHeap NeighborsHeap32 NeighborsHeap64 NewtonCholeskySolver
    NewtonSolver NodeHeap NormalizedKernelMixin Normalizer NuSVC NuSVR Nystroem OAS OPTICS OneClassSVM OneHotEncoder
    OneToOneFeatureMixin OneVsOneClassifier OneVsRestClassifier OrdinalEncoder OrthogonalMatchingPursuit
    OrthogonalMatchingPursuitCV OutlierMixin OutputCodeClassifier PCA PLSCanonical PLSRegression PLSSVD
    PairwiseKernel PandasAdapter ParameterGrid ParameterSampler PassiveAggressiveClassifier
    PassiveAggressiveRegressor PatchExtractor Perceptron PinballLoss Pipeline Poisson PoissonRegressor PolarsAdapter
    PolynomialCountSketch PolynomialFeatures PowerTransformer PredefinedSplit PresortBestSplitter
    PriorProbabilityEstimator Product ProjectedGradientNMF PytestWeightedFenwickTree QDA
    QuadraticDiscriminantAnalysis QuantileEstimator QuantileLossFunction QuantileRegressor QuantileTransformer
    RANSACRegressor RBF RBFSampler RFE RFECV RadiusNeighborsClassifier RadiusNeighborsMixin RadiusNeighborsRegressor
    RadiusNeighborsTransformer RandomForestClassifier RandomForestRegressor RandomSparseSplitter RandomSplitter
    RandomTreesEmbedding RandomizedLasso RandomizedLogisticRegression RandomizedPCA RandomizedSearchCV
    RationalQuadratic Regression RegressionCriterion RegressorChain RegressorMixin RegressorTags RepeatedKFold
    RepeatedStratifiedKFold ReprHTMLMixin RequestMethod Ridge RidgeCV RidgeClassifier RidgeClassifierCV RobustScaler
    RouterMappingPair SGDClassifier SGDOneClassSVM SGDOptimizer SGDRegressor SVC SVR ScaledLogOddsEstimator
    SelectFdr SelectFpr SelectFromModel SelectFwe SelectKBest SelectPercentile SelectorMixin SelfTrainingClassifier
    SequentialFeatureSelector ShrunkCovariance ShuffleSplit SimpleImputer SkewedChi2Sampler SparseCoder
    SparseCoefMixin SparsePCA SparsePartitioner SparseRandomProjection SpectralBiclustering SpectralClustering
    SpectralCoclustering SpectralEmbedding SplineTransformer SplitInfo Splitter SquaredEpsilonInsensitive
    SquaredHinge SquaredLoss StackingClassifier StackingRegressor StandardScaler StationaryKernelMixin
    StratifiedGroupKFold StratifiedKFold StratifiedShuffleSplit Sum TSNE Tags TargetEncoder TargetTags
    TfidfTransformer TfidfVectorizer TheilSenRegressor TimeSeriesSplit TransformedTargetRegressor TransformerMixin
    TransformerTags Tree TreeBuilder TreeGrower TreeNode TreePredictor TreeUnionFind TruncatedSVD
    TunedThresholdClassifierCV TweedieRegressor UnionFind VBGMM VarianceThreshold VerboseReporter VotingClassifier
    VotingRegressor Ward WeightedFenwickTree WhiteKernel ZeroEstimator _AlphaPruner _BaseChain _BaseComposition
    _BaseDiscreteNB _BaseEncoder _BaseFilter _BaseHeterogeneousEnsemble _BaseImputer _BaseKFold _BaseKMeans _BaseNB
    _BaseNMF _BasePCA _BaseRidge _BaseRidgeCV _BaseScorer _BaseSparseCoding _BaseSparsePCA _BaseStacking _BaseVoting
    _BinMapper _BinaryGaussianProcessClassifierLaplace _BisectingTree _CCPPruneController _CFNode _CFSubcluster
    _CVIterableWrapper _CalibratedClassifier _ConstantPredictor _CurveScorer _GeneralizedLinearRegressor
    _HTMLDocumentationLinkMixin _IDCounter _IdentityClassifier _IdentityRegressor _ImputerTriplet
    _LbfgsCallbackBridge _MetadataRequester _MultiOutputEstimator _MultimetricScorer _PLS _PassthroughScorer
    _PathFinder _PredictScorer _ProbaScorer _QuadTree _RepeatedSplits _RidgeClassifierMixin _RidgeGCV
    _RoutingNotSupportedMixin _Scorer _SetOutputMixin _SigmoidCalibration _SubsampleMetaSplitter _TemperatureScaling
    _ThresholdScorer _UnstableArchMixin _UnsupportedGroupCVMixin _ValidationScoreCallback _VectorizerMixin
    _XT_CenterStackOp _X_CenterStackOp
    """
)
"""Estimators, their parts, kernels, losses, splitters. Nothing that reads, writes or starts anything."""


SKLEARN_FUNCTIONS = _set(
    """
    _cubic _exp _identity _kmeans_single_elkan _kmeans_single_lloyd _logcosh _passthrough_scorer _to_object_array
    accuracy_score adjusted_mutual_info_score adjusted_rand_score auc average_precision_score
    balanced_accuracy_score brier_score_loss calinski_harabasz_score chi2 cohen_kappa_score completeness_score
    confusion_matrix consensus_score coverage_error d2_absolute_error_score d2_brier_score d2_log_loss_score
    d2_pinball_score d2_tweedie_score davies_bouldin_score dcg_score euclidean_distances explained_variance_score
    f1_score f_classif f_regression fbeta_score fowlkes_mallows_score hamming_loss hinge_loss homogeneity_score
    jaccard_score label_ranking_average_precision_score label_ranking_loss lloyd_iter_chunked_dense
    lloyd_iter_chunked_sparse log_loss matthews_corrcoef max_error mean_absolute_error
    mean_absolute_percentage_error mean_gamma_deviance mean_pinball_loss mean_poisson_deviance mean_squared_error
    mean_squared_log_error mean_tweedie_deviance median_absolute_error multilabel_confusion_matrix
    mutual_info_classif mutual_info_regression mutual_info_score nan_euclidean_distances ndcg_score newObj
    normalized_mutual_info_score pair_confusion_matrix pairwise_distances pairwise_kernels precision_score r2_score
    r_regression rand_score recall_score roc_auc_score root_mean_squared_error root_mean_squared_log_error
    silhouette_samples silhouette_score top_k_accuracy_score v_measure_score zero_one_loss
    """
)
"""Scores, losses, distances and kernels: arithmetic on arrays."""


UFUNCS = _set(
    """
    abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin array asarray
    asin asinh atan atan2 atanh bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or
    bitwise_right_shift bitwise_xor cbrt ceil conj conjugate copysign cos cosh deg2rad degrees divide divmod equal
    exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside
    hypot invert isfinite isinf isnan isnat lcm ldexp left_shift less less_equal log log10 log1p log2 logaddexp
    logaddexp2 logical_and logical_not logical_or logical_xor matmul matvec max maximum mean median min minimum mod
    modf multiply negative nextafter not_equal positive pow power rad2deg radians reciprocal remainder right_shift
    rint sign signbit sin sinh spacing sqrt square std subtract sum tan tanh true_divide trunc var vecdot vecmat
    """
)
"""NumPy's functions of arrays that estimators hold."""


PANDAS = _set(
    """
    ArrowDtype ArrowExtensionArray ArrowStringArray ArrowStringArrayNumpySemantics Block BlockManager BoolBlock
    BooleanArray BooleanDtype Categorical CategoricalBlock CategoricalDtype CategoricalDtypeType CategoricalIndex
    ComplexBlock DataFrame DatetimeArray DatetimeBlock DatetimeIndex DatetimeLikeBlock DatetimeTZBlock
    DatetimeTZDtype ExtensionBlock Flags Float32Dtype Float64Dtype Float64Index FloatBlock FloatingArray FrozenList
    FrozenNDArray Index Int16Dtype Int32Dtype Int64Dtype Int64Index Int8Dtype IntBlock IntegerArray Interval
    IntervalArray IntervalDtype IntervalIndex MultiIndex NDArrayBackedExtensionBlock NumericBlock NumericIndex
    NumpyBlock NumpyEADtype NumpyExtensionArray ObjectBlock PandasArray PandasDtype Panel Period PeriodArray
    PeriodDtype PeriodIndex RangeIndex Series SingleBlockManager SparseArray SparseDataFrame SparseDtype
    SparseSeries StringArray StringDtype TimeDeltaBlock Timedelta TimedeltaArray TimedeltaIndex Timestamp
    UInt16Dtype UInt32Dtype UInt64Dtype UInt64Index UInt8Dtype
    """
)
"""Tables, columns, indexes, and the blocks that older versions made them of."""


LAYERS = _set(
    """
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveLogSoftmaxWithLoss AdaptiveMaxPool1d
    AdaptiveMaxPool2d AdaptiveMaxPool3d AlphaDropout AvgPool1d AvgPool2d AvgPool3d BCELoss BCEWithLogitsLoss
    BatchNorm1d BatchNorm2d BatchNorm3d Bilinear CELU CTCLoss ChannelShuffle CircularPad1d CircularPad2d
    CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d Container Conv1d Conv2d Conv3d ConvTranspose1d
    ConvTranspose2d ConvTranspose3d CosineEmbeddingLoss CosineSimilarity CrossEntropyLoss CrossMapLRN2d Dropout
    Dropout1d Dropout2d Dropout3d ELU Embedding EmbeddingBag FeatureAlphaDropout Flatten Fold FractionalMaxPool2d
    FractionalMaxPool3d GELU GLU GRU GRUCell GaussianNLLLoss GroupNorm Hardshrink Hardsigmoid Hardswish Hardtanh
    HingeEmbeddingLoss HuberLoss Identity InstanceNorm1d InstanceNorm2d InstanceNorm3d KLDivLoss L1Loss LPPool1d
    LPPool2d LPPool3d LSTM LSTMCell LayerNorm LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConv1d LazyConv2d
    LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d LazyInstanceNorm1d LazyInstanceNorm2d
    LazyInstanceNorm3d LazyLinear LeakyReLU Linear LinearCrossEntropyLoss LocalResponseNorm LogSigmoid LogSoftmax
    MSELoss MarginRankingLoss MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d Mish Module
    ModuleDict ModuleList MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss MultiheadAttention NLLLoss
    NLLLoss2d NonDynamicallyQuantizableLinear PReLU PairwiseDistance ParameterDict ParameterList PixelShuffle
    PixelUnshuffle PoissonNLLLoss RMSNorm RNN RNNBase RNNCell RNNCellBase RReLU ReLU ReLU6 ReflectionPad1d
    ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d SELU Sequential SiLU Sigmoid
    SmoothL1Loss SoftMarginLoss Softmax Softmax2d Softmin Softplus Softshrink Softsign SyncBatchNorm Tanh Tanhshrink
    Threshold Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer
    TripletMarginLoss TripletMarginWithDistanceLoss Unflatten Unfold Upsample UpsamplingBilinear2d
    UpsamplingNearest2d ZeroPad1d ZeroPad2d ZeroPad3d _AdaptiveAvgPoolNd _AdaptiveMaxPoolNd _AvgPoolNd _BatchNorm
    _CircularPadNd _ConstantPadNd _ConvNd _ConvTransposeMixin _ConvTransposeNd _DropoutNd _InstanceNorm _LPPoolNd
    _LazyNormBase _Loss _MaxPoolNd _MaxUnpoolNd _NormBase _ReflectionPadNd _ReplicationPadNd _WeightedLoss
    """
)
"""torch's own layers and losses: numbers and layers."""


FUNCTIONS = _set(
    """
    avg_pool2d binary_cross_entropy binary_cross_entropy_with_logits cross_entropy dropout elu elu_ gelu hardswish
    hardtanh interpolate l1_loss leaky_relu leaky_relu_ linear log_softmax max_pool2d mish mse_loss nll_loss relu
    relu_ selu sigmoid silu smooth_l1_loss softmax softplus tanh
    """
)
"""Activations and losses that layers hold."""


OPTIMIZERS = _set(
    """
    ASGD Adadelta Adagrad Adam AdamW Adamax AveragedModel ChainedScheduler ConstantLR CosineAnnealingLR
    CosineAnnealingWarmRestarts CyclicLR ExponentialLR LBFGS LRScheduler LambdaLR LinearLR MultiStepLR
    MultiplicativeLR NAdam OneCycleLR Optimizer PolynomialLR RAdam RMSprop ReduceLROnPlateau Rprop SGD SWALR
    SequentialLR SparseAdam StepLR _GroupSwapinInfo _LRScheduler _SchedulePhase
    """
)
"""Optimizers and their schedules."""


TORCHVISION = _set(
    """
    ASPP ASPPConv ASPPPooling AlexNet BasicBlock BasicConv2d Bottleneck CNBlock Conv2dNormActivation ConvBNReLU
    ConvNeXt ConvNormActivation DeepLabHead DeepLabV3 DenseNet EfficientNet Encoder EncoderBlock FCN FCNHead
    FeaturePyramidNetwork Fire FrozenBatchNorm2d FusedMBConv GoogLeNet Inception Inception3 InceptionA InceptionAux
    InceptionB InceptionC InceptionD InceptionE IntermediateLayerGetter InvertedResidual LayerNorm2d MBConv MLP
    MLPBlock MNASNet MobileNetV2 MobileNetV3 Permute RegNet ResNet ShuffleNetV2 SqueezeExcitation SqueezeNet
    StochasticDepth SwinTransformer VGG VisionTransformer _DenseBlock _DenseLayer _InvertedResidual _Transition
    """
)
"""Networks of torchvision and their parts."""
