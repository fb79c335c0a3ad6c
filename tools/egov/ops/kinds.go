package ops

// kinds are the findings that there are. stable: their codes are for scripts,
// and docs/operations.md lists them.
var kinds = map[string]kind{
	"secret_missing": {
		Error,
		Words{"容器组引用的 Secret 或其中的键不存在，副本无法启动", "the pods name a Secret, or a key of one, that is not there: they cannot start"},
		Words{"按 deploy/README.md 建立该 Secret（键 url），或由 External Secrets 同步；容器组会自己启动", "make the Secret as deploy/README.md says (key url), or have External Secrets do it; the pods start by themselves"},
	},
	"configuration_missing": {
		Error,
		Words{"容器组引用的 ConfigMap 或其中的键不存在，副本无法启动", "the pods name a ConfigMap, or a key of one, that is not there: they cannot start"},
		Words{"trust.configMap、packs.configMap 应与实际名称一致；其余的重新执行 helm upgrade", "let trust.configMap and packs.configMap be the names of what is there; for the rest, helm upgrade again"},
	},
	"configuration_refused": {
		Error,
		Words{"程序拒绝这份配置（未知的键、错误的值），新的副本不会启动", "the program refuses this configuration, an unknown key or a wrong value: new replicas do not start"},
		Words{"改正 values 中的 config 后 helm upgrade；helm test 会由程序自己检查。本工具与服务版本不同时以 helm test 为准", "correct config in the values and helm upgrade; helm test has the program itself check it, and is right where this tool is of another release"},
	},
	"not_started": {
		Error,
		Words{"容器无法创建", "the container cannot be made"},
		Words{"按所示信息改正后，容器组会自己启动", "correct what is shown; the pod starts by itself"},
	},
	"image_unavailable": {
		Error,
		Words{"节点取不到镜像，副本无法启动", "the node cannot get the image: the replica cannot start"},
		Words{"检查 image.registry、image.tag、image.digest 与 image.pullSecrets；离线节点先导入镜像（make images）", "check image.registry, image.tag, image.digest and image.pullSecrets; import the image first where nodes have no registry (make images)"},
	},
	"crash_loop": {
		Error,
		Words{"程序启动后即退出，反复重启", "the program ends soon after its start, again and again"},
		Words{"最后一行日志说明原因；数据库与Redis的地址、口令、证书最常见", "the last line of its log says why; most often an address, a password or a certificate of PostgreSQL or Redis"},
	},
	"schema_behind": {
		Error,
		Words{"数据库缺少程序需要的表或列：迁移没有运行", "the database lacks a table or column that the program needs: it was not migrated"},
		Words{"helm upgrade 会先运行迁移 Job；migration.enabled 为 false 时以库主身份运行 SERVICE -migrate", "helm upgrade runs the migration Job first; where migration.enabled is false, run SERVICE -migrate as the owner"},
	},
	"out_of_memory": {
		Error,
		Words{"容器超过内存上限被结束", "the container was ended because it needed more memory than its limit"},
		Words{"提高 resources.limits.memory；GOMEMLIMIT 随之变化", "raise resources.limits.memory; GOMEMLIMIT follows it"},
	},
	"unschedulable": {
		Error,
		Words{"没有节点能运行该副本（资源、污点或未绑定的卷）", "no node can run the replica: resources, taints, or a volume that is not bound"},
		Words{"按所示信息增加节点、放宽 tolerations/nodeSelector，或提供 keys.volume 的存储类（ReadWriteMany）", "as it says: add nodes, widen tolerations or nodeSelector, or provide a storage class for keys.volume (ReadWriteMany)"},
	},
	"not_ready": {
		Error,
		Words{"程序在运行，但说自己不能接活，不在流量中", "the program runs and says that it cannot take work: it is out of traffic"},
		Words{"database：检查 PostgreSQL 及其 NetworkPolicy；redis：检查 Redis；holidays：稍候，数据库可用后即好", "database: look at PostgreSQL and the way there (NetworkPolicy); redis: at Redis; holidays: it passes once the database answers"},
	},
	"replicas_missing": {
		Error,
		Words{"就绪的副本少于应有的，原因不明", "fewer replicas are ready than there should be, and nothing says why"},
		Words{"刚安装或更新则稍候；仍不就绪时看 kubectl describe 与事件", "wait where it was just installed or upgraded; else kubectl describe, and look at the events"},
	},
	"pods_refused": {
		Error,
		Words{"集群不允许建立该容器组（准入、配额或容器组安全）", "the cluster does not let the pod be made: admission, a quota, or pod security"},
		Words{"按所示信息改正 values 或配额；图表自带的设置符合 restricted，多为自加的 env、podLabels 等引起", "correct the values or the quota as it says; what the charts set passes the restricted profile, so look at what was added to them"},
	},
	"rollout_stuck": {
		Error,
		Words{"新版本的副本没有就绪，滚动更新停住；旧副本仍在服务", "replicas of the new form do not become ready and the rollout stands still; the old ones still serve"},
		Words{"消除同一服务的其他发现，或 helm rollback", "mend what else was found about the service, or helm rollback"},
	},
	"drained": {
		Note,
		Words{"该服务已被排空，没有副本", "the service was drained and has no replicas"},
		Words{"egov ops drain SERVICE --undo 恢复", "egov ops drain SERVICE --undo brings it back"},
	},
	"migration_failed": {
		Error,
		Words{"迁移没有完成，新版本没有装上；旧副本仍在服务", "the migration did not come to its end, and the new release was not installed; old replicas still serve"},
		Words{"检查 SERVICE-database-owner 与数据库所有者的权限，然后重新 helm upgrade；迁移可以重复运行", "check SERVICE-database-owner and the owner's rights, then helm upgrade again; migrations may be repeated"},
	},
	"migration_failing": {
		Warning,
		Words{"迁移失败过，正在重试", "the migration failed and is tried again"},
		Words{"看其日志；到 migration.retries 次后放弃", "look at its log; it is given up after migration.retries"},
	},
	"disruption_blocked": {
		Error,
		Words{"中断预算不允许驱逐任何副本，节点无法排空、升级", "the budget lets no replica go: nodes cannot be drained or upgraded"},
		Words{"podDisruptionBudget.maxUnavailable 应至少为 1，或增加副本", "let podDisruptionBudget.maxUnavailable be at least 1, or have more replicas"},
	},
	"autoscaler_blind": {
		Error,
		Words{"自动伸缩取不到指标，副本数不随负载变化", "the autoscaler has no figures: replicas do not follow the load"},
		Words{"安装 metrics-server（CPU）或检查 KEDA 到 Redis 的连接；容器须有 requests.cpu", "install metrics-server (CPU), or check KEDA's way to Redis; containers need requests.cpu"},
	},
	"policy_selects_nothing": {
		Warning,
		Words{"该网络策略没有选中任何容器组，等于没有", "the policy selects no pods: it protects nothing"},
		Words{"标签应与图表所设一致；多余的策略删去", "let its selector be the labels that the charts set; delete it where it is left over"},
	},
	"unprotected": {
		Warning,
		Words{"没有网络策略选中该服务，集群内任何容器组都能访问它", "no network policy selects the service: every pod of the cluster may call it"},
		Words{"networkPolicy.enabled: true", "networkPolicy.enabled: true"},
	},
	"namespace_unlabelled": {
		Error,
		Words{"其他命名空间的网络策略按此标签放行，没有标签则服务之间不通", "the other namespaces' policies let this one in by that label: without it services do not reach each other"},
		Words{"kubectl label namespace NAMESPACE egov/part-of=egov", "kubectl label namespace NAMESPACE egov/part-of=egov"},
	},
	"namespace_unrestricted": {
		Warning,
		Words{"命名空间没有强制 restricted，别的容器组可以不受约束地在此运行", "the namespace does not enforce the restricted profile: pods without its bounds may run beside the services"},
		Words{"kubectl label namespace NAMESPACE pod-security.kubernetes.io/enforce=restricted", "kubectl label namespace NAMESPACE pod-security.kubernetes.io/enforce=restricted"},
	},
	"image_unpinned": {
		Warning,
		Words{"镜像按标签引用，标签可以改指别的内容", "the image is named by a tag, which may come to mean another image"},
		Words{"image.digest 写明摘要（make images 会给出）", "pin it with image.digest, which make images tells"},
	},
	"resources_missing": {
		Warning,
		Words{"没有声明资源，节点可能超卖，自动伸缩无从计算", "without resources a node may be overcommitted, and autoscalers have nothing to reckon by"},
		Words{"写明 resources.requests 与 limits.memory", "set resources.requests and limits.memory"},
	},
	"installed_twice": {
		Error,
		Words{"同一单位的同一服务装了两次，两者争用同一事件流与消费组，各得一半事实", "one service of one unit is installed twice: both use one stream and one group, and each gets a part of the facts"},
		Words{"保留一个，用 helm uninstall 去掉另一个；两个单位各自的服务用 unit 区分", "keep one and helm uninstall the other; services of two units are told apart by unit"},
	},
	"virtual_clock": {
		Error,
		Words{"服务按虚拟时钟运行，法定时限不按真实日期计算", "the service runs by a virtual clock: statutory clocks do not follow the real date"},
		Words{"去掉 config.clock.file；虚拟时钟只用于演示", "remove config.clock.file; a virtual clock is for demonstrations alone"},
	},
	"redis_without_tls": {
		Warning,
		Words{"到 Redis 的连接不加密，同网段的人能读到事实、改动流", "the way to Redis is not encrypted: whoever is on the network reads facts and changes streams"},
		Words{"Redis 开启 TLS，Secret 中的 URL 改为 rediss://，证书放入 trust.configMap", "have Redis speak TLS, make the Secret's URL rediss://, and put its authority into trust.configMap"},
	},
	"postgres_without_tls": {
		Warning,
		Words{"到 PostgreSQL 的连接不加密", "the way to PostgreSQL is not encrypted"},
		Words{"Secret 中的 URL 加 sslmode=verify-full，证书放入 trust.configMap", "add sslmode=verify-full to the Secret's URL, and put its authority into trust.configMap"},
	},
	"redis_default_user": {
		Warning,
		Words{"服务以默认用户使用 Redis，可以读写别的服务的流", "the service is Redis's default user, which may write the streams of others"},
		Words{"按 deploy/redis/users.acl 给每个服务一个用户，关闭 default", "give every service its user of deploy/redis/users.acl and turn default off"},
	},
	"redis_forgets": {
		Warning,
		Words{"流丢过尾部：Redis 曾丢失数据，或按内存策略淘汰键。事实没有丢失，但反复发生说明配置不当", "the stream has lost its end: Redis lost data or evicts keys. No fact is lost; if it recurs, Redis is set up wrongly"},
		Words{"maxmemory-policy noeviction；需要时开启持久化；刚重启过 Redis 则不必处理", "maxmemory-policy noeviction, and persistence where wanted; nothing to do where Redis was just restarted"},
	},
	"outbox_old": {
		Warning,
		Words{"已记录的事实没有发出，其他服务还不知道", "facts that were recorded are not sent: other services do not know of them"},
		Words{"在发则等待；不见减少时检查 Redis 与未结束的写事务（docs/operations.md）", "wait while they are being sent; else look at Redis and at write transactions left open (docs/operations.md)"},
	},
	"outbox_stuck": {
		Error,
		Words{"事实发不到 Redis：不可达、拒绝登录、内存已满或权限不足", "facts cannot be sent to Redis: it is away, refuses the user, is out of memory, or denies a right"},
		Words{"检查 Redis 及服务的日志（relay）；不会丢失事实，恢复后自动补发", "look at Redis and at the service's log (relay); nothing is lost, and it catches up by itself"},
	},
	"transaction_open": {
		Error,
		Words{"该 PostgreSQL 集群中有写事务一直没有结束，其后的事实都在等它", "a write transaction is left open in that PostgreSQL cluster, and all facts after it wait"},
		Words{"SELECT pid, usename, xact_start, query FROM pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start；结束最早的一个", "SELECT pid, usename, xact_start, query FROM pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start, and end the oldest"},
	},
	"dead_letters": {
		Error,
		Words{"消费者放弃了这些事实，同一主体其后的事实在等", "the consumer gave these facts up, and later facts of their subjects wait"},
		Words{"egov ops dlq list 查看；消除原因后 egov ops dlq retry", "egov ops dlq list shows them; once their cause is mended, egov ops dlq retry"},
	},
	"facts_lost": {
		Error,
		Words{"有事实在生产者处已不保留，消费者越过了它们", "facts were no longer kept by their producer when they were missed, and the consumer went past them"},
		Words{"见 docs/runbooks/EgovFactsLost.md", "see docs/runbooks/EgovFactsLost.md"},
	},
	"consumer_behind": {
		Warning,
		Words{"消费者落后，界面显示的状态陈旧", "the consumer is behind: what people see is old"},
		Words{"增加副本（keda.enabled 可自动），并看其数据库是否吃紧", "add replicas (keda.enabled does it by itself), and see whether its database is short of something"},
	},
	"event_key_unknown": {
		Error,
		Words{"没有来源服务的公钥，它的事实都在等", "the source's public key is not known, and its facts wait"},
		Words{"检查 keys.register 与到该服务的网络；见 docs/runbooks/EgovKeyUnknown.md", "check keys.register and the way to that service; see docs/runbooks/EgovKeyUnknown.md"},
	},
	"windows_old": {
		Error,
		Words{"没有来源服务新签名的对账窗口：它的最新事实是否到齐无从核对", "a source's reconciliation windows are not newly signed: whether its newest facts have all come cannot be told"},
		Words{"看来源服务是否运行、是否退回了旧版本；否则有人在 Redis 中作梗，见 docs/runbooks/EgovWindowsOld.md", "see whether the source runs, and whether it went back to an older release; else somebody meddles with Redis: docs/runbooks/EgovWindowsOld.md"},
	},
	"event_key_expiring": {
		Error,
		Words{"事件签名密钥即将到期而没有下一把，到期后它的事实将不被接受", "the key that signs its events runs out and there is no next one: its facts will not be believed"},
		Words{"密钥目录须可写（keys.secret 只读挂载时由运维员定期更换），或重启服务使其轮换", "let the service write its keys' directory; where keys.secret is mounted read-only, operators renew it"},
	},
	"ledger_broken": {
		Error,
		Words{"账本与自己签署过的检查点不一致，已停止签署", "the ledger contradicts a checkpoint that it signed, and is not signed further"},
		Words{"不要修改任何数据；见 docs/runbooks/EgovLedgerBroken.md", "change nothing; see docs/runbooks/EgovLedgerBroken.md"},
	},
	"ledger_refused": {
		Error,
		Words{"该单位作为见证方拒绝账本：与它见过的不一致", "this unit, as a witness, refuses the ledger: it contradicts what the unit saw"},
		Words{"见 docs/runbooks/EgovWitnessRefused.md", "see docs/runbooks/EgovWitnessRefused.md"},
	},
	"checkpoint_late": {
		Error,
		Words{"账本没有按时签署或联署", "the ledger is not signed or cosigned in time"},
		Words{"见 docs/runbooks/EgovLedgerLate.md", "see docs/runbooks/EgovLedgerLate.md"},
	},
	"job_given_up": {
		Warning,
		Words{"后台作业多次失败后被放弃", "a job was given up after many failures"},
		Words{"见 docs/runbooks/EgovJobGivenUp.md", "see docs/runbooks/EgovJobGivenUp.md"},
	},
	"replicas_at_odds": {
		Error,
		Words{"同一服务的副本各有各的印章或结论：密钥目录没有共享，或连到了不同的数据库", "replicas of one service have seals or findings of their own: they do not share their keys, or their database"},
		Words{"keys.volume 用 ReadWriteMany，或用 keys.secret；确认 Secret 中的数据库地址", "let keys.volume be ReadWriteMany, or use keys.secret; check the database's address in the Secret"},
	},
	"versions_mixed": {
		Warning,
		Words{"同一服务同时运行多个版本；滚动更新中属正常", "several versions of one service run; that is right while one replaces the other"},
		Words{"没有在更新时：egov ops restart SERVICE", "where no upgrade is under way: egov ops restart SERVICE"},
	},
	"configurations_mixed": {
		Warning,
		Words{"副本的配置不同：ConfigMap 改过而副本没有全部替换", "replicas have different configurations: the ConfigMap was changed and not all were replaced"},
		Words{"egov ops restart SERVICE", "egov ops restart SERVICE"},
	},
	"versions_apart": {
		Warning,
		Words{"服务之间相差超过一个次版本，这样的组合没有验证过", "services are more than one minor release apart, which is not proven together"},
		Words{"先把最旧的升级到相邻版本（docs/deployability.md）", "bring the oldest to the next release first (docs/deployability.md)"},
	},
	"clocks_apart": {
		Warning,
		Words{"该机器的时钟与其他机器不同，令牌会被拒绝，时限会算错", "this machine's clock differs from the others': tokens are refused and clocks counted wrongly"},
		Words{"在节点上启用 NTP（chrony）", "run NTP (chrony) on the node"},
	},
	"service_says": {
		Warning,
		Words{"服务自己提示的情况", "the service says so itself"},
		Words{"按代码查 docs/errors.md", "look the code up in docs/errors.md"},
	},
	"not_answering": {
		Warning,
		Words{"副本就绪而无法读取其指标，所列数字不全", "the replica is ready and its figures cannot be read: what is shown is not all"},
		Words{"需要 pods/proxy 的 get 或 pods/portforward 的 create（deploy/access/operator.yaml），且 API 服务器能到达容器组", "it takes get of pods/proxy or create of pods/portforward (deploy/access/operator.yaml), and a way from the API server to the pod"},
	},
	"not_running": {
		Error,
		Words{"服务没有应答", "the service does not answer"},
		Words{"看数据目录下的 log/；重新运行 egov up", "look at log/ of the data directory; run egov up again"},
	},
	"not_looked_at": {
		Note,
		Words{"没有权限或无法连接，这一部分没有检查", "it may not be looked at, or not be reached: this part was not examined"},
		Words{"deploy/access/operator.yaml 的 ClusterRole egov-operator 含全部所需权限（不含读取 Secret）", "the ClusterRole egov-operator of deploy/access/operator.yaml has every right it takes, and none to read Secrets"},
	},
}
