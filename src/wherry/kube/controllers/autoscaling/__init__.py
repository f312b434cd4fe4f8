"""HorizontalPodAutoscalers: as many replicas as what they use asks for (kubernetes pkg/controller/podautoscaler).

``measured`` says what pods use (of ``metrics.k8s.io``) and how ready they are; ``plan`` how many replicas follow, as
Kubernetes' ReplicaCalculator; ``behavior`` how fast that many may be reached, from what was recommended and done in the
past minutes; ``controller`` looks every fifteen seconds, and writes scale and status. The past is remembered only here:
after a restart it begins with what there is.

Metrics of type Resource and ContainerResource are read. Pods, Object and External need an adapter's API; an autoscaler
that asks for them says so in its conditions, and does not scale down meanwhile.
"""
