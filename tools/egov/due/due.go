// Package due is `egov due`: when a period of working days or months ends, and
// which days it skips.
package due

import (
	"strconv"

	"github.com/spf13/cobra"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/tools/egov/cli"
)

// New makes the command.
func New() *cobra.Command {
	var from, days, months string
	c := &cobra.Command{
		Use:   "due --from DATE --working-days N | --months N",
		Short: "计算时限届满日 / when a period ends",
		Long: `自次日起算，输出届满日（当日24时届满）、是否为暂定（该年放假通知尚未公布）以及跳过的日期。

Day 1 is the day after --from. Prints the last day of the period, whether it is provisional
because a year's holiday notice is not published yet, and the days that were skipped.`,
		Args: cli.Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := due(calendar.Statutory(), from, days, months)
			if err != nil {
				return err
			}
			return cli.Print(cmd.OutOrStdout(), r)
		},
	}
	c.Flags().StringVar(&from, "from", "", "起算日 / the day of the trigger, YYYY-MM-DD")
	c.Flags().StringVar(&days, "working-days", "", "工作日数 / number of working days")
	c.Flags().StringVar(&months, "months", "", "月数 / number of months")
	return cli.TellsProblems(c)
}

func due(cal *calendar.Calendar, from, days, months string) (calendar.Result, error) {
	var c fault.Checks
	start, err := calendar.ParseDate(from)
	if c.Require(from != "", "from", "required", "必填", "is required") {
		c.Require(err == nil, "from", calendar.ErrDate.Code, calendar.ErrDate.Msg, calendar.ErrDate.MsgEN)
	}
	c.Require((days == "") != (months == ""), "working_days", "one_length", "工作日数与月数须且只能给出一个",
		"give either a number of working days or of months")
	n, field, count := 0, "working_days", cal.Due
	text := days
	if days == "" {
		text, field, count = months, "months", cal.DueMonths
	}
	if text != "" {
		n, err = strconv.Atoi(text)
		c.Require(err == nil, field, "not_an_integer", "须为整数", "must be an integer")
	}
	if err := c.Err(); err != nil {
		return calendar.Result{}, err
	}
	return count(start, n)
}
