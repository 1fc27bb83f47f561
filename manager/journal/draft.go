package journal

import "context"

// Run stores a job and sends it, or joins the open job with the same intent and request. An older job with the same
// intent and another request comes first: if it was never sent, the new job replaces it; if it was sent, Run resends
// it, and returns its outcome if it succeeds.
func (j *Journal[S, R, O]) Run(ctx context.Context, s S, d Draft, r R) (O, error) {
	var none O
	tried := map[int64]bool{}
	for {
		next, err := j.next(ctx, s, d, r, tried)
		if err != nil {
			return none, err
		}
		current := next.run
		if !next.joined {
			j.carryOut(ctx, s, current)
		}
		select {
		case <-current.done:
		case <-ctx.Done():
			return none, ctx.Err()
		}
		if current.kept {
			continue
		}
		if !next.older || current.err == nil || ctx.Err() != nil {
			return current.out, current.err
		}
		tried[current.job.ID] = true
	}
}

// turn is the run that a draft has to wait for.
type turn[O any] struct {
	run    *run[O]
	joined bool // the run had begun already
	older  bool // the run is that of an older job, which was sent with another request
}

// next returns the run that a draft has to wait for: that of an older job that was sent with another request and is
// not in tried, else the draft's own. It calls the Step without mu, because the Step may wait for the keyring.
func (j *Journal[S, R, O]) next(ctx context.Context, s S, d Draft, r R, tried map[int64]bool) (turn[O], error) {
	m := matcher[S, R, O]{
		journal:  j,
		session:  s,
		draft:    d,
		tried:    tried,
		compared: map[version]comparison{},
	}
	step := j.options.Step(d.Task)
	for {
		next, compare, err := m.decide(ctx)
		switch {
		case err != nil || next.run != nil:
			return next, err
		case compare != nil:
			err = m.compare(ctx, step, *compare, r)
		default:
			m.request, err = step.Encode(ctx, r)
			m.encoded = true
		}
		if err != nil {
			return turn[O]{}, err
		}
	}
}

// matcher matches a draft with the open jobs.
type matcher[S Session, R, O any] struct {
	journal  *Journal[S, R, O]
	session  S
	draft    Draft
	tried    map[int64]bool // older jobs that were resent, by ID
	compared map[version]comparison
	own      candidate[O] // the first job that compare found to be the draft; zero if there is none
	request  []byte       // of the draft, if encoded
	encoded  bool
}

// candidate is an open job with its run; nil if it was not running.
type candidate[O any] struct {
	job Job
	run *run[O]
}

// version is a job with one of its requests.
type version struct {
	id      int64
	request string
}

func versionOf(job Job) version { return version{job.ID, string(job.request)} }

// comparison is what a Step says about an open job and a draft.
type comparison struct{ same, replaceable bool }

// decide begins or joins the run that the draft has to wait for. It returns no run if a job must be compared first,
// which it returns, or if the request must be encoded first.
func (m *matcher[S, R, O]) decide(ctx context.Context) (next turn[O], compare *candidate[O], err error) {
	j := m.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	open, err := j.options.Store.Open(ctx, m.session.AccountID())
	if err != nil {
		return turn[O]{}, nil, err
	}
	own := m.own.job // even if it was closed while it was compared, because it must not be carried out twice
	var others []Job // replaceable jobs of the same intent before own
	for _, job := range open {
		if job.Task != m.draft.Task || job.intent != m.draft.Intent {
			continue
		}
		c, ok := m.compared[versionOf(job)]
		switch {
		case !ok:
			return turn[O]{}, &candidate[O]{job, j.running[job.ID]}, nil
		case !c.same && job.State == Sent && !m.tried[job.ID]:
			return j.turnOf(job, true), nil, nil
		case c.replaceable && (own.ID == 0 || job.ID < own.ID):
			others = append(others, job)
		}
	}
	if own.ID == 0 && !m.encoded {
		return turn[O]{}, nil, nil
	}
	if err := j.replace(ctx, others); err != nil {
		return turn[O]{}, nil, err
	}
	if m.own.run != nil { // the outcome is that of this run, even if it has ended meanwhile
		return turn[O]{run: m.own.run, joined: true}, nil, nil
	}
	if own.ID == 0 {
		if own, err = j.add(ctx, m.session, m.draft, m.request); err != nil {
			return turn[O]{}, nil, err
		}
	}
	return j.turnOf(own, false), nil, nil
}

// compare compares an open job with the request of the draft.
func (m *matcher[S, R, O]) compare(ctx context.Context, step Step[S, R, O], c candidate[O], r R) error {
	same, err := step.Same(ctx, c.job, r)
	if err != nil {
		return err
	}
	if same && m.own.job.ID == 0 {
		m.own = c
	}
	m.compared[versionOf(c.job)] = comparison{same, !same && step.Replaceable(ctx, c.job)}
	return nil
}

// turnOf begins or joins the run of a job. The caller holds mu.
func (j *Journal[S, R, O]) turnOf(job Job, older bool) turn[O] {
	current, joined := j.begin(job)
	return turn[O]{current, joined, older}
}

// replace closes those of replaceable jobs that were never sent and do not run. The caller holds mu.
func (j *Journal[S, R, O]) replace(ctx context.Context, jobs []Job) error {
	for _, old := range jobs {
		if _, running := j.running[old.ID]; running || old.State != Pending {
			continue
		}
		if err := j.record(ctx, &old, Failed, errReplaced); err != nil {
			return err
		}
	}
	return nil
}

// add stores a job.
func (j *Journal[S, R, O]) add(ctx context.Context, s S, d Draft, request []byte) (job Job, err error) {
	now := j.options.Now()
	job = Job{
		Account:   s.AccountID(),
		Task:      d.Task,
		Title:     d.Title,
		State:     Pending,
		CreatedAt: now,
		UpdatedAt: now,
		OrderID:   d.OrderID,
		LicenseID: d.LicenseID,
		intent:    d.Intent,
		request:   request,
	}
	if job.Key, err = j.options.Key(); err != nil {
		return job, err
	}
	job.ID, err = j.options.Store.Add(ctx, job)
	return job, err
}
