package console

var chineseNotices = map[string]string{
	"draining":    "服务器正在停止，不再接听来电。",
	"storage":     "数据库或磁盘上的日志文件（journal）不可用。变更会等待其恢复。",
	"link":        "有 FreeSWITCH 未连接。",
	"domain":      "有 FreeSWITCH 缺少全局变量“domain”，无法呼叫座席话机。",
	"certificate": "证书已过期，或将在 14 天内过期。",
	"log":         "运行日志无法写入。",
	"upgrade":     "升级后仍有数据表的处理工作未完成。",
	"directory":   "FreeSWITCH 查询话机账户时没有正确的密钥，已被拒绝。",
}
