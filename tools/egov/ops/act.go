package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"egov/libs/fault"
	"egov/tools/egov/cli"
	"egov/tools/kube"
)

// Annotations by which acts are remembered at the Deployment.
const (
	// restartedAt is kubectl's: whoever looks knows it.
	restartedAt = "kubectl.kubernetes.io/restartedAt"
	// drainedFrom is how many replicas a drained service had. stable.
	drainedFrom = "egov/drained-from"
)

// fieldManager names egov in the cluster's own record of who set what. stable.
const fieldManager = "egov-ops"

// The refusals of acts.
var (
	errScaled    = fault.New(fault.Refused, "scaled_by_another", "该服务由自动伸缩控制", "an autoscaler scales this service")
	errAlone     = fault.New(fault.Refused, "cannot_be_scaled", "该工作负载只能有一个副本", "this workload has one replica alone")
	errDrained   = fault.New(fault.Refused, "drained", "该服务已被排空", "the service is drained")
	errNotDone   = fault.New(fault.Refused, "not_drained", "该服务没有被排空", "the service is not drained")
	errUnsettled = fault.New(fault.Refused, "work_unfinished", "该服务还有未完成的工作", "the service has work that is not finished")
	errTooLong   = fault.New(fault.Unavailable, "takes_too_long", "在规定时间内没有完成", "it was not done in time")
)

// act is what a command changes: one Deployment of a cluster.
type act struct {
	t       *target
	cmd     *cobra.Command
	c       *kube.Cluster
	service *Service
}

// Acted is what a command that changes something answers.
type Acted struct {
	Namespace string `json:"namespace"`
	Service   string `json:"service"`
	Workload  string `json:"workload"`
	Act       string `json:"act"`
	From      int    `json:"replicas_before"`
	To        int    `json:"replicas"`
	Done      bool   `json:"done"` // false where the command was told not to wait
}

// begin finds the service that a command acts on.
func (t *target) begin(ctx context.Context, cmd *cobra.Command, name, zh string) (*act, error) {
	c, err := t.cluster(ctx, cmd, zh)
	if err != nil {
		return nil, err
	}
	s, err := surveyCluster(ctx, c, names)
	if err != nil {
		return nil, failed(err)
	}
	x, err := s.find(name)
	if err != nil { // a Deployment may run several services, and is named as well
		var of error
		if x, of = s.workload(name); of != nil {
			return nil, failed(err)
		}
	}
	return &act{t, cmd, c, x}, nil
}

// beginServing finds the service that a command acts on, and its Deployment; one
// that is drained is left alone.
func (t *target) beginServing(ctx context.Context, cmd *cobra.Command, name, zh string) (*act, *appsv1.Deployment, error) {
	a, err := t.begin(ctx, cmd, name, zh)
	if err != nil {
		return nil, nil, err
	}
	d, err := a.deployment(ctx)
	if err != nil {
		return nil, nil, err
	}
	if d.Annotations[drainedFrom] != "" {
		return nil, nil, errDrained.WithMsg(a.service.place()+" 已被排空；egov ops drain --undo 恢复", a.service.place()+" is drained; egov ops drain --undo brings it back")
	}
	return a, d, nil
}

// workload finds a service by the name of its Deployment.
func (s *Survey) workload(name string) (*Service, error) {
	for _, x := range s.Services {
		if x.Workload == name || x.Namespace+"/"+x.Workload == name {
			return x, nil
		}
	}
	return nil, errNoService
}

// alone is the Deployment that runs every service in one pod.
const alone = "suite"

// refuseScaled refuses what an autoscaler would undo.
func (a *act) refuseScaled(ctx context.Context) error {
	list, err := a.c.API.AutoscalingV2().HorizontalPodAutoscalers(a.service.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return kube.Fault(err)
	}
	for _, h := range list.Items {
		if h.Spec.ScaleTargetRef.Kind == "Deployment" && h.Spec.ScaleTargetRef.Name == a.service.Workload {
			return errScaled.WithMsg(
				fmt.Sprintf("%s 由 HorizontalPodAutoscaler %s 伸缩，会改回去；请改 autoscaling.minReplicas/maxReplicas（KEDA：keda.*）并升级", a.service.place(), h.Name),
				fmt.Sprintf("the HorizontalPodAutoscaler %s scales %s and would undo this; set autoscaling.minReplicas and maxReplicas (KEDA: keda.*) and upgrade", h.Name, a.service.place()))
		}
	}
	return nil
}

// scaleTo sets the number of replicas and gives the one before.
func (a *act) scaleTo(ctx context.Context, n int) (before int, err error) {
	api := a.c.API.AppsV1().Deployments(a.service.Namespace)
	scale, err := api.GetScale(ctx, a.service.Workload, metav1.GetOptions{})
	if err != nil {
		return 0, kube.Fault(err)
	}
	before = int(scale.Spec.Replicas)
	scale.Spec.Replicas = int32(n)
	_, err = api.UpdateScale(ctx, a.service.Workload, scale, metav1.UpdateOptions{FieldManager: fieldManager})
	return before, kube.Fault(err)
}

// annotate sets annotations of the Deployment, and with at of its pods; nil takes
// one away.
func (a *act) annotate(ctx context.Context, own, pods map[string]any) error {
	patch := map[string]any{}
	if own != nil {
		patch["metadata"] = map[string]any{"annotations": own}
	}
	if pods != nil {
		patch["spec"] = map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": pods}}}
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	_, err = a.c.API.AppsV1().Deployments(a.service.Namespace).Patch(ctx, a.service.Workload, types.StrategicMergePatchType, body, metav1.PatchOptions{FieldManager: fieldManager})
	return kube.Fault(err)
}

func (a *act) deployment(ctx context.Context) (*appsv1.Deployment, error) {
	d, err := a.c.API.AppsV1().Deployments(a.service.Namespace).Get(ctx, a.service.Workload, metav1.GetOptions{})
	return d, kube.Fault(err)
}

// lookAgain is how often it is looked whether something has come about.
const lookAgain = time.Second

// await waits until ok holds; what it gives is said when time runs out.
func (a *act) await(ctx context.Context, ok func(context.Context) (done bool, state string, err error)) error {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	state := ""
	for {
		done, now, err := ok(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if done {
			return nil
		}
		if now != "" && now != state {
			state = now
			cli.Say(a.cmd.ErrOrStderr(), "%s: %s", a.service.place(), state)
		}
		select {
		case <-ctx.Done():
			return errTooLong.WithMsg(fmt.Sprintf("%s 内没有完成：%s", a.t.timeout, state), fmt.Sprintf("not done within %s: %s", a.t.timeout, state))
		case <-tick.C:
		}
	}
}

// rolledOut waits until every replica is of the newest form and ready.
func (a *act) rolledOut(ctx context.Context) error {
	return a.await(ctx, func(ctx context.Context) (bool, string, error) {
		d, err := a.deployment(ctx)
		if err != nil {
			return false, "", err
		}
		want, st := int32(1), d.Status
		if d.Spec.Replicas != nil {
			want = *d.Spec.Replicas
		}
		for _, c := range st.Conditions {
			if c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded" && st.ObservedGeneration >= d.Generation {
				return false, "", errTooLong.WithMsg("滚动更新停滞："+c.Message+"；egov ops doctor 会说明原因", "the rollout is stuck: "+c.Message+"; egov ops doctor says why")
			}
		}
		done := st.ObservedGeneration >= d.Generation && st.UpdatedReplicas == want && st.Replicas == want && st.AvailableReplicas == want
		return done, fmt.Sprintf("%d/%d", min(st.UpdatedReplicas, st.AvailableReplicas), want), nil
	})
}

// gone waits until no pod of the Deployment is left.
func (a *act) gone(ctx context.Context) error {
	return a.await(ctx, func(ctx context.Context) (bool, string, error) {
		d, err := a.deployment(ctx)
		if err != nil {
			return false, "", err
		}
		selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
		if err != nil {
			return false, "", err
		}
		pods, err := a.c.API.CoreV1().Pods(a.service.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
		if err != nil {
			return false, "", kube.Fault(err)
		}
		var left []string
		for _, p := range pods.Items {
			if p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
				left = append(left, p.Name)
			}
		}
		return len(left) == 0 && d.Status.ObservedGeneration >= d.Generation, "正在结束 / finishing: " + strings.Join(left, " "), nil
	})
}

func (a *act) answer(did Acted, zh, en string) error {
	did.Namespace, did.Service, did.Workload = a.service.Namespace, a.service.Name, a.service.Workload
	return a.t.answer(a.cmd, did, func(p paper) error {
		p.say("%s: %s / %s", a.service.place(), zh, en)
		return nil
	})
}

func (t *target) newScale() *cobra.Command {
	var wait bool
	c := &cobra.Command{
		Use:   "scale SERVICE REPLICAS",
		Short: "设置副本数 / set how many replicas a service has",
		Long: `设置服务的副本数并等待就绪。由自动伸缩控制的服务、单容器组安装（suite）不能这样伸缩；0 用 drain。

Sets how many replicas a service has and waits until they are ready. A service that an autoscaler scales, and
the one pod of a small installation (suite), are not scaled like this; for 0 there is drain.`,
		Args: cli.Args(2, 2, "SERVICE REPLICAS"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil || n < 1 || n > 50 {
				return cli.Usage("副本数应为 1–50；停用服务用 drain", "REPLICAS must be 1 to 50; to take a service away use drain")
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), t.timeout)
			defer cancel()
			a, err := t.begin(ctx, cmd, args[0], "伸缩")
			if err != nil {
				return err
			}
			if a.service.Workload == alone && n > 1 {
				return errAlone.WithMsg("mode: single 的容器组只能有一个；需要更多时改用 mode: distributed", "the pod of mode: single is one alone; for more, install mode: distributed")
			}
			if err := a.refuseScaled(ctx); err != nil {
				return err
			}
			before, err := a.scaleTo(ctx, n)
			if err != nil {
				return err
			}
			if wait {
				err = a.rolledOut(ctx)
			}
			if err != nil {
				return err
			}
			return a.answer(Acted{Act: "scale", From: before, To: n, Done: wait},
				fmt.Sprintf("副本数 %d → %d", before, n), fmt.Sprintf("replicas %d → %d", before, n))
		},
		ValidArgsFunction: t.oneServiceName,
	}
	c.Flags().BoolVar(&wait, "wait", true, "等待全部就绪 / wait until all are ready")
	return c
}

func (t *target) newRestart() *cobra.Command {
	var wait bool
	c := &cobra.Command{
		Use:   "restart SERVICE…",
		Short: "逐个替换副本 / replace the replicas one by one",
		Long: `逐个替换服务的副本：新的就绪后才停旧的，请求不中断。多个服务依次进行，一个没有完成就不再继续。

Replaces the replicas of a service one by one: an old one stops when its successor is ready, and no request
fails. Several services follow one another; where one does not come about, those after it are left alone.`,
		Args: cli.Args(1, 100, "SERVICE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range args {
				if err := t.restart(cmd, name, wait); err != nil {
					return err
				}
			}
			return nil
		},
		ValidArgsFunction: t.serviceNames,
	}
	c.Flags().BoolVar(&wait, "wait", true, "等待全部就绪 / wait until all are ready")
	return c
}

func (t *target) restart(cmd *cobra.Command, name string, wait bool) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), t.timeout)
	defer cancel()
	a, _, err := t.beginServing(ctx, cmd, name, "重启")
	if err != nil {
		return err
	}
	if err := a.annotate(ctx, nil, map[string]any{restartedAt: time.Now().Format(time.RFC3339)}); err != nil {
		return err
	}
	if wait {
		err = a.rolledOut(ctx)
	}
	if err != nil {
		return err
	}
	return a.answer(Acted{Act: "restart", From: a.service.Desired, To: a.service.Desired, Done: wait}, "已逐个替换副本", "replicas replaced one by one")
}

func (t *target) newDrain() *cobra.Command {
	var undo, force bool
	c := &cobra.Command{
		Use:   "drain SERVICE",
		Short: "排空：退出流量，办完手上的事，停下 / take a service out of traffic, let it finish, stop it",
		Long: `排空一个服务：等其已记录的事实发完、已收到的事实办完；然后让每个副本退出流量，办完手上的请求，停下。
副本数记在 Deployment 上，--undo 恢复。其间其他服务照常运行；发给它的事实等在流和各服务的发件箱里（七天之内不丢）。

Drains a service: waits until the facts it recorded are sent and those it was given are settled; then every
replica leaves the traffic, finishes its requests and stops. How many there were is kept at the Deployment,
and --undo brings them back. Other services go on meanwhile; facts for it wait in the streams and in the
outboxes, which keep them for seven days.`,
		Args: cli.Args(1, 1, "SERVICE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), t.timeout)
			defer cancel()
			if undo {
				return t.undrain(ctx, cmd, args[0])
			}
			return t.drain(ctx, cmd, args[0], force)
		},
		ValidArgsFunction: t.oneServiceName,
	}
	c.Flags().BoolVar(&undo, "undo", false, "恢复 / bring it back")
	c.Flags().BoolVar(&force, "force", false, "不等未发出的事实（它们留在数据库中，服务恢复后发出）/ do not wait for facts that are not sent; they stay in the database and are sent when the service is back")
	return c
}

func (t *target) drain(ctx context.Context, cmd *cobra.Command, name string, force bool) error {
	a, d, err := t.beginServing(ctx, cmd, name, "排空")
	if err != nil {
		return err
	}
	if err := a.refuseScaled(ctx); err != nil {
		return err
	}
	if !force {
		if err := a.settled(ctx); err != nil {
			return err
		}
	}
	before := 1
	if d.Spec.Replicas != nil {
		before = int(*d.Spec.Replicas)
	}
	if err := a.annotate(ctx, map[string]any{drainedFrom: strconv.Itoa(before)}, nil); err != nil {
		return err
	}
	if _, err := a.scaleTo(ctx, 0); err != nil {
		return err
	}
	if err := a.gone(ctx); err != nil {
		return err
	}
	return a.answer(Acted{Act: "drain", From: before, To: 0, Done: true},
		fmt.Sprintf("已排空（原有 %d 个副本），egov ops drain %s --undo 恢复", before, name), fmt.Sprintf("drained of %d replicas; egov ops drain %s --undo brings them back", before, name))
}

// settled waits until everything the service recorded is sent, and everything
// it was given is settled. A service that cannot be asked may have either.
func (a *act) settled(ctx context.Context) error {
	waiting := ""
	err := a.await(ctx, func(ctx context.Context) (bool, string, error) {
		s, err := surveyCluster(ctx, a.c, current)
		if err != nil {
			return false, "", err
		}
		waiting = ""
		for _, x := range s.Services {
			if x.Namespace != a.service.Namespace || x.Workload != a.service.Workload {
				continue
			}
			if x.Ready > 0 && len(x.seen()) == 0 {
				return false, "", errUnsettled.WithMsg("无法得知 "+x.place()+" 还有什么未发出；--force 不再等待", "what "+x.place()+" has not sent is not known; --force does not wait for it").With(s.unseen())
			}
			for _, f := range []struct {
				name   string
				labels []string
				zh, en string
			}{
				{outboxRows, nil, "未发出", "not sent"},
				{pendingEntries, []string{"consumer", "source"}, "未办完", "not settled"},
			} {
				if n := x.total(f.name, f.labels...); n != nil && *n > 0 {
					waiting += fmt.Sprintf("%s: %.0f %s / %s ", x.Name, *n, f.zh, f.en)
				}
			}
		}
		return waiting == "", waiting, nil
	})
	if waiting != "" && fault.Is(err, fault.Unavailable) {
		return errUnsettled.WithMsg("还有："+waiting+"；--force 不再等待", "there is still: "+waiting+"; --force does not wait for it").With(err)
	}
	return err
}

func (t *target) undrain(ctx context.Context, cmd *cobra.Command, name string) error {
	a, err := t.begin(ctx, cmd, name, "恢复")
	if err != nil {
		return err
	}
	d, err := a.deployment(ctx)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(d.Annotations[drainedFrom])
	if err != nil {
		return errNotDone.WithMsg(a.service.place()+" 没有被排空", a.service.place()+" is not drained")
	}
	if _, err := a.scaleTo(ctx, n); err != nil {
		return err
	}
	if err := a.annotate(ctx, map[string]any{drainedFrom: nil}, nil); err != nil {
		return err
	}
	if err := a.rolledOut(ctx); err != nil {
		return err
	}
	return a.answer(Acted{Act: "undrain", From: 0, To: n, Done: true}, fmt.Sprintf("已恢复 %d 个副本", n), fmt.Sprintf("back with %d replicas", n))
}
